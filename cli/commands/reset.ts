import type { Command } from "commander";
import { credentials, shownOnce } from "../app-admin.ts";
import type { CliContext } from "../context.ts";
import { prepareHost } from "../deploy/host.ts";
import { up } from "../deploy/up.ts";
import { CliError } from "../errors.ts";
import { hostApp } from "../host-app.ts";
import { examples } from "../program.ts";
import { openSession, type Session } from "../session.ts";
import { withStackLock } from "../stack-lock.ts";
import { defaultStack } from "../stacks.ts";
import { destroyAll } from "./down.ts";

/** The developer's account; its password is generated, as every other. */
const developer = ["--email", "dev@fidus.local", "--name", "Dev Admin"];

/** `./fidus reset [stack]`: development from an empty database again, with the same choices. */
export function register(program: Command, ctx: CliContext): void {
  program
    .command("reset")
    .description("development only: delete the stores with their data, start them fresh, migrate, make dev@fidus.local")
    .argument("[stack]", "stack with `services: dependencies`", defaultStack)
    .addHelpText("after", examples(["./fidus reset", "./fidus reset community --yes --json | jq -r .password"]))
    .action(async (stack: string) => reset(ctx, await openSession(ctx, stack)));
}

async function reset(ctx: CliContext, session: Session): Promise<void> {
  const { stack, config, installation } = session;
  await refuseWhole(session);
  if (!(await ctx.confirm(`Delete the data of stack ${stack} and begin anew?`))) {
    throw new CliError("nothing was deleted", { code: "declined" });
  }
  await withStackLock(installation, stack, async () => {
    await prepareHost(ctx, installation, config);
    await ctx.progress.step("old stores", (step) => destroyAll(ctx, session, step));
  });
  await up(ctx, stack, {}, () => undefined);
  const app = await hostApp(ctx, session);
  await ctx.progress.step("migrations", () => app.call("migrate"));
  const made = await ctx.progress.step("administrator", () => app.call("admin", "create", ...developer, "--json"));
  const admin = credentials.parse(JSON.parse(made));
  ctx.printJson({ stack, ...admin });
  ctx.print(shownOnce(admin));
}

/** A product that people use is never reset by a slip, neither where dependencies are chosen and it still runs. */
async function refuseWhole({ stack, config, engine }: Session): Promise<void> {
  const { services = "all" } = config.entries();
  const { url = null } = (await engine.outputs()) ?? {};
  if (services === "dependencies" && url === null) return;
  const problem = {
    path: "services",
    got: services === "dependencies" ? "all, which still runs" : services,
    rule: "dependencies: reset is for development",
    fix: `./fidus down ${stack} --data`,
  };
  throw new CliError("this stack is no development stack", { exitCode: 3, code: "guarded", problems: [problem] });
}
