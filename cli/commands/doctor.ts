import { access, constants, mkdir } from "node:fs/promises";
import type { Command } from "commander";
import { inspectToolchain, type CloudName, type ToolchainReport } from "../../toolchain/index.ts";
import type { CliContext } from "../context.ts";
import { findEngine, type EngineSearch } from "../docker.ts";
import { readHost, setupCommands } from "../docker-setup.ts";
import { cloudsOf, isOfClouds } from "../deploy/clouds.ts";
import { describeError } from "../errors.ts";
import { checkHost, demandsOf } from "../host-check.ts";
import { measureHost } from "../host-facts.ts";
import type { Installation } from "../installation.ts";
import { requirePassphrase } from "../passphrase.ts";
import { fail, ok, warn, type Check } from "../preflight.ts";
import { examples } from "../program.ts";
import { readSettings } from "../settings.ts";
import { stackChecks } from "../stack-checks.ts";
import { defaultStack } from "../stacks.ts";
import { openStackConfig, stacksOf, type StackConfigFile } from "../stack-config.ts";

/** `./fidus doctor`: everything `up` needs, and the command that repairs what is missing. Changes nothing. */
export function register(program: Command, ctx: CliContext): void {
  program
    .command("doctor")
    .description("check everything `up` needs and name each repair; changes nothing")
    .argument("[stack]", "a stack of another edition than community: what it has outside of its plan", defaultStack)
    .addHelpText(
      "after",
      examples(["./fidus doctor", "./fidus doctor acme", "./fidus doctor --json | jq '.checks[] | select(.status != \"ok\")'"]),
    )
    .action(async (stack: string) => {
      const checks = stack === defaultStack ? await allChecks(ctx) : await checksOf(ctx, stack);
      const failed = checks.filter(({ status }) => status === "fail").length;
      ctx.print(table(checks));
      ctx.printJson({ ok: failed === 0, checks });
      ctx.setExitCode(failed === 0 ? 0 : 1);
    });
}

/** What every stack needs of this machine, and what this one has elsewhere. */
async function checksOf(ctx: CliContext, stack: string): Promise<Check[]> {
  if (!(await isOfClouds(ctx, stack))) {
    const installation = await ctx.existingInstallation();
    if (installation !== null && (await stacksOf(installation, "community")).includes(stack)) return allChecks(ctx);
  }
  const { editions, checks } = await stackChecks(ctx, stack);
  const clouds = [...new Set(editions.flatMap((edition) => cloudsOf[edition]))];
  return [nodeCheck(), ...checks, ...(await toolchainChecks(ctx, clouds))];
}

async function allChecks(ctx: CliContext): Promise<Check[]> {
  const { checks, installation, config } = await installationChecks(ctx);
  return [
    nodeCheck(),
    await folderCheck("data", ctx.paths.data),
    await folderCheck("cache", ctx.paths.cache),
    ...checks,
    ...(await dockerChecks(ctx, installation, config)),
    ...(await toolchainChecks(ctx)),
  ];
}

function nodeCheck(): Check {
  return ok("node", "Node", `${process.version} at ${process.execPath}`);
}

async function folderCheck(name: "data" | "cache", folder: string): Promise<Check> {
  const title = name === "data" ? "Data folder" : "Cache folder";
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await access(folder, constants.W_OK | constants.X_OK);
    return ok(name, title, folder);
  } catch (error) {
    const variable = name === "data" ? "XDG_DATA_HOME" : "XDG_CACHE_HOME";
    const got = error instanceof Error ? error.message : String(error);
    return fail(name, title, {
      path: folder,
      got,
      rule: "a folder you may write to",
      fix: `sudo chown -R "$USER" ${folder} (or: export ${variable}=/another/folder)`,
    });
  }
}

async function installationChecks(
  ctx: CliContext,
): Promise<{ readonly checks: Check[]; readonly installation: Installation | null; readonly config: StackConfigFile | null }> {
  const title = "Installation";
  try {
    const installation = await ctx.existingInstallation();
    if (installation === null)
      return { checks: [ok("installation", title, "none yet; the first `up` makes it")], installation, config: null };
    const config = await firstConfig(ctx, installation);
    if (config !== null) await requirePassphrase(installation, config);
    const detail = `${installation.id}, passphrase safe at ${installation.passphraseFile}`;
    return { checks: [ok("installation", title, detail), ...settingsChecks(config)], installation, config };
  } catch (error) {
    const { report } = describeError(error);
    const problems = report.problems.map((problem) => fail("installation", title, problem));
    if (problems.length === 0) throw error;
    return { checks: problems, installation: null, config: null };
  }
}

/** What the first community stack recorded; null when there is none. */
async function firstConfig(ctx: CliContext, installation: Installation): Promise<StackConfigFile | null> {
  const [stack] = await stacksOf(installation, "community");
  return stack === undefined ? null : openStackConfig(ctx.paths, installation, stack, "community");
}

function settingsChecks(config: StackConfigFile | null): Check[] {
  if (config === null) return [];
  const { problems } = readSettings(config);
  if (problems.length === 0) return [ok("settings", "Settings", config.file)];
  return problems.map((problem) => fail("settings", "Settings", problem));
}

async function dockerChecks(
  ctx: CliContext,
  installation: Installation | null,
  config: StackConfigFile | null,
): Promise<Check[]> {
  const { env, paths, signal } = ctx;
  const search = await findEngine({ env, signal, recorded: config?.entries()["dockerHost"] });
  if (search.kind !== "found") return [await noEngineCheck(search)];
  // Settings with a fault are named above; the rest is judged by what would be without them.
  const recorded = readSettings(config);
  const { values: settings } = recorded.problems.length === 0 ? recorded : readSettings(null);
  const images = Object.values(settings.images);
  const measured = await measureHost({ engine: search.engine, paths, env, installation: installation?.id ?? null, images });
  return checkHost(measured, demandsOf(settings));
}

async function noEngineCheck(search: Exclude<EngineSearch, { kind: "found" }>): Promise<Check> {
  const title = "Docker engine";
  const [problem] = search.kind === "refused" ? search.error.problems : [];
  if (problem !== undefined) return fail("engine", title, problem);
  const host = await readHost();
  const installs = host.root && host.distribution.includes("debian");
  const fix = installs ? "./fidus up community installs and starts it." : setupCommands(process.platform, host);
  return fail("engine", title, { path: "docker", got: "no engine that answers", rule: "Docker 20.10 or newer", fix });
}

async function toolchainChecks(ctx: CliContext, clouds: readonly CloudName[] = []): Promise<Check[]> {
  const inspect = (parts: readonly CloudName[]): Promise<ToolchainReport | null> =>
    inspectToolchain({ paths: { root: ctx.paths.toolchain }, env: ctx.env, clouds: parts });
  const report = await inspect([]);
  if (report === null) return [warn("toolchain", "Toolchain", "not complete; `up` completes it", "./fidus toolchain")];
  const withClouds = clouds.length === 0 ? report : await inspect(clouds);
  if (withClouds !== null) return [...partChecks(withClouds), ...unpinnedCheck(withClouds)];
  const fix = `./fidus toolchain ${clouds.join(" ")}`;
  const plugins = warn("toolchain-clouds", "Toolchain: clouds", `${clouds.join(", ")}: not complete; \`up\` completes it`, fix);
  return [...partChecks(report), plugins, ...unpinnedCheck(report)];
}

function partChecks({ parts }: ToolchainReport): Check[] {
  return parts.map(({ part, version, origin, trust, path }) =>
    ok(`toolchain-${part}`, `Toolchain: ${part}`, `${version}, ${origin}, ${trust}, ${path}`),
  );
}

/** No digest is committed for these: what the vendor's list said at first use was recorded and holds from then on. */
function unpinnedCheck({ unpinned }: ToolchainReport): Check[] {
  if (unpinned.length === 0) return [];
  return [
    warn(
      "toolchain-unpinned",
      "Toolchain: unpinned",
      unpinned.join(", "),
      "Their digests were recorded at first use from the vendor's list; no committed digest vouches for them.",
    ),
  ];
}

const marks = { ok: "✓", warn: "!", fail: "✗" } as const;

function table(checks: readonly Check[]): string {
  const width = Math.max(...checks.map(({ title }) => title.length));
  const lines = checks.flatMap(({ status, title, detail, fix, problem }) => [
    `${marks[status]} ${title.padEnd(width)}  ${detail}`,
    ...(fix === null || problem !== null ? [] : [`  ${"".padEnd(width)}  ${fix}`]),
  ]);
  const count = (status: Check["status"]): number => checks.filter((check) => check.status === status).length;
  return [...lines, "", `${count("ok")} ok, ${count("warn")} to note, ${count("fail")} to repair`].join("\n");
}
