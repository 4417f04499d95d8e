import type { Command } from "commander";
import { execa } from "execa";
import { stackContainers } from "../containers.ts";
import type { CliContext } from "../context.ts";
import { wrongInput } from "../errors.ts";
import { examples } from "../program.ts";
import { openSession } from "../session.ts";
import { defaultStack } from "../stacks.ts";

interface Flags {
  readonly follow: boolean;
  readonly tail: string;
}

/** `./fidus logs [stack] [role…]`: what the services say, each line with its service. */
export function register(program: Command, ctx: CliContext): void {
  program
    .command("logs")
    .description("show the services' logs")
    .argument("[stack]", "stack to look at", defaultStack)
    .argument("[roles...]", "only these: api, web, worker, llm, postgres, redis, proxy")
    .option("-f, --follow", "go on as new lines come, until Ctrl-C", false)
    .option("--tail <lines>", "how many of the last lines of each service", "100")
    .addHelpText(
      "after",
      examples(["./fidus logs", "./fidus logs community api --follow", "./fidus logs community postgres --tail 20"]),
    )
    .action(async (stack: string, roles: string[], flags: Flags) => show(ctx, stack, roles, flags));
}

async function show(ctx: CliContext, stack: string, roles: readonly string[], { follow, tail }: Flags): Promise<void> {
  if (!/^(\d+|all)$/.test(tail)) {
    throw wrongInput("that is no number of lines", [
      { path: "--tail", got: tail, rule: "a whole number, or all", fix: "--tail 100" },
    ]);
  }
  const { docker, dockerHost, installation } = await openSession(ctx, stack);
  const containers = (await stackContainers(docker, installation.id, stack)).filter(
    ({ role }) => roles.length === 0 || roles.includes(role),
  );
  if (containers.length === 0) {
    const rule = roles.length === 0 ? "a running stack" : "the role of a service that exists";
    throw wrongInput("there are no such logs", [{ path: "roles", got: roles.join(" "), rule, fix: `./fidus status ${stack}` }]);
  }
  const width = Math.max(...containers.map(({ name }) => name.length));
  await Promise.all(
    containers.map(async ({ id, name }) => {
      const child = execa("docker", ["logs", "--tail", tail, ...(follow ? ["--follow"] : []), id], {
        env: { ...ctx.env, DOCKER_HOST: dockerHost },
        all: true,
        reject: false,
        buffer: false,
        cancelSignal: ctx.signal,
      });
      for await (const line of child.iterable({ from: "all" })) process.stdout.write(`${name.padEnd(width)} | ${line}\n`);
    }),
  ).catch((error: unknown) => {
    if (!ctx.signal.aborted) throw error;
  });
}
