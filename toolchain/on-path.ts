import { access, constants, mkdir, realpath, rename, rm, symlink } from "node:fs/promises";
import { delimiter, dirname, isAbsolute, join } from "node:path";
import { execa } from "execa";
import { WayClosedError } from "./errors.ts";
import { executableName, executableOf } from "./layout.ts";
import { readMarker, writeMarker, type Marker } from "./marker.ts";
import type { Run } from "./run.ts";
import { compareVersions, oldestCli, versionOf, versions, type PartName, type PluginName } from "./versions.ts";

/** Links a part that the machine already has. Throws WayClosedError when it has none that fits. */
export async function installFromPath(run: Run, part: PartName): Promise<Marker> {
  const startedAt = run.elapsedMs();
  const found = await find(run, part);
  await linkIntoPlace(found.path, executableOf(run.layout, part));
  const made = {
    part,
    origin: "path",
    trust: "path",
    digest: null,
    version: found.version,
    ms: run.elapsedMs() - startedAt,
  } as const;
  return writeMarker(run, made);
}

interface Found {
  readonly path: string;
  readonly version: string;
}

async function find(run: Run, part: PartName): Promise<Found> {
  if (part === "cli") return findCli(run);
  return part === "language-host" ? findLanguageHost(run) : findPlugin(run, part);
}

async function findCli(run: Run): Promise<Found> {
  const path = await findOnPath(run.env, "pulumi", run.layout.bin);
  if (path === null) throw new WayClosedError("no pulumi on PATH", { quiet: true });
  const version = await cliVersion(path, run.env);
  const [major] = versions.pulumi.split(".");
  const fits = version !== null && version.split(".")[0] === major && compareVersions(version, oldestCli) >= 0;
  if (!fits)
    throw new WayClosedError(
      `${path} is ${version ?? "of unknown version"}; ${oldestCli} or newer, below ${Number(major) + 1}, is needed`,
    );
  return { path, version };
}

/** Only the host that came with the CLI: the two are one release. */
async function findLanguageHost(run: Run): Promise<Found> {
  const cli = await readMarker(run, "cli");
  if (cli?.origin !== "path") throw new WayClosedError("the CLI is not from PATH", { quiet: true });
  const beside = join(dirname(await realpath(executableOf(run.layout, "cli"))), executableName("language-host"));
  if (!(await isExecutable(beside))) throw new WayClosedError(`no ${executableName("language-host")} beside the CLI`);
  return { path: beside, version: cli.version };
}

/** A plugin of exactly our version that the user's own engine has installed. */
async function findPlugin(run: Run, part: PluginName): Promise<Found> {
  const home = run.env["PULUMI_HOME"] ?? (run.env["HOME"] === undefined ? null : join(run.env["HOME"], ".pulumi"));
  const folder = `resource-${part}-v${versionOf(part)}`;
  const path = home === null ? null : join(home, "plugins", folder, executableName(part));
  const ours = path === null || (await sameFolder(home, run.layout.pulumiHome));
  // The engine leaves this mark beside a plugin it has not finished installing.
  const usable = path !== null && !ours && (await isExecutable(path)) && !(await exists(`${dirname(path)}.partial`));
  if (!usable) throw new WayClosedError(`no ${folder} in the user's plugin cache`, { quiet: true });
  return { path, version: versionOf(part) };
}

/** First executable of that name on the PATH of `env`, leaving out one folder; null when there is none. */
export async function findOnPath(env: NodeJS.ProcessEnv, name: string, except: string | null = null): Promise<string | null> {
  for (const folder of (env["PATH"] ?? "").split(delimiter).filter(isAbsolute)) {
    if (except !== null && (await sameFolder(folder, except))) continue;
    const path = join(folder, name);
    if (await isExecutable(path)) return path;
  }
  return null;
}

/** What `pulumi version` says, without the leading v; null when it does not run or says something else. */
export async function cliVersion(path: string, env: NodeJS.ProcessEnv): Promise<string | null> {
  const quiet = { ...env, PULUMI_SKIP_UPDATE_CHECK: "true" };
  const { stdout } = await execa(path, ["version"], {
    env: quiet,
    extendEnv: false,
    timeout: 20_000,
    reject: false,
    stdin: "ignore",
  });
  return /^v?(\d+\.\d+\.\d+\S*)\s*$/.exec(stdout ?? "")?.[1] ?? null;
}

async function linkIntoPlace(target: string, link: string): Promise<void> {
  await mkdir(dirname(link), { recursive: true });
  const partial = `${link}.${process.pid}.partial`;
  await rm(partial, { force: true });
  await symlink(target, partial);
  await rename(partial, link);
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function sameFolder(a: string | null, b: string): Promise<boolean> {
  if (a === null) return false;
  const real = (path: string): Promise<string> => realpath(path).catch(() => path);
  return (await real(a)) === (await real(b));
}
