import { watch } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { execa } from "execa";
import { keys } from "../../infra/config/keys.ts";
import { loopback } from "../../infra/config/published-ports.ts";
import type { Problem } from "../../infra/core/errors.ts";
import { portProblems } from "../choice-flags.ts";
import type { CliContext } from "../context.ts";
import { cannotGoOn, wrongInput } from "../errors.ts";
import { hostApp } from "../host-app.ts";
import { portHolder } from "../ports.ts";
import { examples } from "../program.ts";
import { openSession } from "../session.ts";
import { defaultStack } from "../stacks.ts";

interface Flags {
  readonly port: string;
  readonly apiPort: string;
}

/** `./fidus dev [stack]`: the application from the sources on this host, on the stores of a stack with `services: dependencies`. */
export function register(program: Command, ctx: CliContext): void {
  program
    .command("dev")
    .description("run the app from the sources on this host, each part anew on every change, until Ctrl-C")
    .argument("[stack]", "stack whose stores are used; it runs `services: dependencies`", defaultStack)
    .option("--port <port>", "port of the page and API", String(keys.pagePort.default))
    .option("--api-port <port>", "port of the API alone", String(keys.apiPort.default))
    .addHelpText("after", examples(["./fidus up --services dependencies && ./fidus dev", "./fidus dev --port 3100"]))
    .action(async (stack: string, flags: Flags) => develop(ctx, stack, flags));
}

async function develop(ctx: CliContext, stack: string, flags: Flags): Promise<void> {
  checkPorts(flags);
  const app = await hostApp(ctx, await openSession(ctx, stack));
  await requireFreePorts(flags);
  await ctx.progress.step("migrations", () => app.call("migrate"));
  const page = join(ctx.paths.checkout, ".fidus/dev");
  await ctx.progress.step("page", () => buildPage(ctx, page));
  const url = `http://localhost:${flags.port}`;
  const common = { PUBLIC_URL: url, METRICS_PORT: "0" };
  const parts = [
    app.watch("single", { ...common, PORT: flags.port, FIDUS_WEB_ROOT: join(page, "web") }),
    app.watch("api", { ...common, PORT: flags.apiPort }),
  ];
  ctx.notice(`  page ${url} · API http://localhost:${flags.apiPort} · Ctrl-C ends both`);
  const stopWatching = rebuildOnChange(ctx, page);
  try {
    await Promise.race(parts);
  } catch (error) {
    // Ctrl-C is how it ends.
    if (!ctx.signal.aborted) throw error;
  } finally {
    stopWatching();
    for (const part of parts) part.kill();
    await Promise.allSettled(parts);
  }
}

/** Throws exit 2 for what cannot be two ports. */
function checkPorts({ port, apiPort }: Flags): void {
  const problems = [
    ...portProblems("--port", port, `./fidus dev --port ${keys.pagePort.default}`),
    ...portProblems("--api-port", apiPort, `./fidus dev --api-port ${keys.apiPort.default}`),
  ];
  if (problems.length === 0 && Number(port) === Number(apiPort))
    problems.push({ path: "--api-port", got: apiPort, rule: "a port of its own", fix: `./fidus dev --port ${port}` });
  if (problems.length > 0) throw wrongInput("the command line cannot be used", problems);
}

/** Throws exit 1 with every port that somebody holds: a part that is watched would wait for a change of its sources. */
async function requireFreePorts({ port, apiPort }: Flags): Promise<void> {
  const problems: Problem[] = [];
  for (const [flag, key, number] of [
    ["--port", "pagePort", Number(port)],
    ["--api-port", "apiPort", Number(apiPort)],
  ] as const) {
    const view = { installation: null, containers: [], local: true };
    const holder = await portHolder({ key, address: loopback, port: number }, view);
    if (holder.kind !== "other") continue;
    const got = `${number}, held by ${holder.name}`;
    problems.push({
      path: flag,
      got,
      rule: "a free port",
      fix: `./fidus dev ${flag} ${number + (number < 60_000 ? 100 : -100)}`,
    });
  }
  if (problems.length > 0) throw cannotGoOn("The app cannot listen", problems);
}

async function buildPage(ctx: CliContext, folder: string): Promise<void> {
  const options = { env: ctx.env, extendEnv: false, cancelSignal: ctx.signal };
  await execa(process.execPath, [join(ctx.paths.checkout, "app/build.ts"), folder], options);
}

/** Builds the page again when a file of it changes: the next reload shows it. Returns what ends the watching. */
function rebuildOnChange(ctx: CliContext, folder: string): () => void {
  const tell = (error: unknown): void => ctx.notice(`  page: ${error instanceof Error ? error.message : String(error)}`);
  let timer: NodeJS.Timeout | undefined;
  let building = Promise.resolve();
  const rebuild = (): void => {
    // One at a time: they write the same folder.
    building = building.then(() => buildPage(ctx, folder)).then(() => ctx.notice("  page built again"), tell);
  };
  const watcher = watch(join(ctx.paths.checkout, "app/web"), { recursive: true }, () => {
    clearTimeout(timer);
    timer = setTimeout(rebuild, 100);
  }).on("error", tell);
  return () => {
    clearTimeout(timer);
    watcher.close();
  };
}
