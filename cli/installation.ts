import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, lstat, mkdir, readdir, readFile, realpath, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import { cannotGoOn, wrongInput } from "./errors.ts";
import { lostPassphrase } from "./passphrase.ts";
import type { Paths } from "./paths.ts";

/** One checkout's identity: its id stands in every container name and label, its folder holds state and passphrase. */
export interface Installation {
  /** Six lower-case hex characters. */
  readonly id: string;
  /** Real path of the checkout it was made for. */
  readonly checkout: string;
  /** `data/installations/<id>` */
  readonly folder: string;
  /** Mode 0600, written once. Losing it loses the secrets in the state. */
  readonly passphraseFile: string;
  /** Folder of the engine's `file://` backend. */
  readonly backendFolder: string;
  /** The same as a URL, for PULUMI_BACKEND_URL. */
  readonly backendUrl: string;
  /** The stack's config file, `Pulumi.<stack>.yaml`: choices, secrets and salt of this installation. */
  stackConfigFile(stack: string): string;
}

const idPattern = /^[0-9a-f]{6}$/;
const recordSchema = z.object({ id: z.string().regex(idPattern), checkout: z.string().min(1) });

export interface FindOptions {
  readonly paths: Paths;
  readonly env: NodeJS.ProcessEnv;
  /** Told when something was repaired. */
  readonly notice?: (text: string) => void;
}

/**
 * The installation of this checkout, or the one FIDUS_INSTALLATION names; null when the checkout has none yet.
 * Throws exit 2 for an unknown FIDUS_INSTALLATION, exit 1 when its passphrase is lost or unsafe.
 */
export async function findInstallation({ paths, env, notice = () => {} }: FindOptions): Promise<Installation | null> {
  const all = await listInstallations(paths);
  const named = env["FIDUS_INSTALLATION"];
  const found =
    named === undefined || named === ""
      ? await byCheckout(all, paths.checkout)
      : (all.find(({ id }) => id === named) ?? throwUnknown(named, all));
  if (found === null) return null;
  await noteForeignCheckout(found, paths, notice);
  await checkPassphrase(found, notice);
  return found;
}

/** A variable left over from another clone's `./fidus env` would quietly act on that clone's stacks. */
async function noteForeignCheckout({ id, checkout }: Installation, paths: Paths, notice: (text: string) => void): Promise<void> {
  if (checkout !== (await realpath(paths.checkout)))
    notice(`FIDUS_INSTALLATION=${id} belongs to ${checkout}; unset it to use this checkout's own.`);
}

/** The same, but a checkout without an installation gets one: id, folder, passphrase. Safe when several processes start at once. */
export async function ensureInstallation(options: FindOptions): Promise<Installation> {
  const found = await findInstallation(options);
  if (found !== null) return found;
  await makeFolder(options.paths.installations);
  return withCreationLock(options.paths.installations, async () => (await findInstallation(options)) ?? create(options.paths));
}

/** Step by step: Node's own recursive mkdir never ends below /proc (24.21). Throws exit 1 where none can be made. */
async function makeFolder(folder: string): Promise<void> {
  if (existsSync(folder)) return;
  if (dirname(folder) !== folder) await makeFolder(dirname(folder));
  try {
    await mkdir(folder, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return;
    const rule = "a folder that can be made";
    throw cannotGoOn("The data folder cannot be made", [
      { path: folder, got: code, rule, fix: 'export XDG_DATA_HOME="$HOME/.local/share"' },
    ]);
  }
}

/** All installations of this user, sorted by id; folders without a readable record are left out. */
export async function listInstallations(paths: Paths): Promise<Installation[]> {
  const names = existsSync(paths.installations) ? await readdir(paths.installations) : [];
  const records = await Promise.all(names.filter((name) => idPattern.test(name)).map((id) => readRecord(paths, id)));
  return records.filter((record) => record !== null).sort((a, b) => a.id.localeCompare(b.id));
}

/** The object for an id; touches no file. */
export function installationAt(paths: Paths, id: string, checkout: string): Installation {
  const folder = join(paths.installations, id);
  const backendFolder = join(folder, "backend");
  return {
    id,
    checkout,
    folder,
    passphraseFile: join(folder, "passphrase"),
    backendFolder,
    backendUrl: pathToFileURL(backendFolder).href,
    stackConfigFile: (stack) => join(folder, `Pulumi.${stack}.yaml`),
  };
}

async function byCheckout(all: readonly Installation[], checkout: string): Promise<Installation | null> {
  const real = await realpath(checkout);
  return all.find((installation) => installation.checkout === real) ?? null;
}

function throwUnknown(named: string, all: readonly Installation[]): never {
  const list = all.map(({ id, checkout }) => `${id} (${checkout})`).join(", ");
  throw wrongInput("FIDUS_INSTALLATION names no installation", [
    {
      path: "FIDUS_INSTALLATION",
      got: named,
      rule: list === "" ? "to be unset: there is no installation yet" : `one of ${list}`,
      fix: "unset FIDUS_INSTALLATION",
    },
  ]);
}

async function readRecord(paths: Paths, id: string): Promise<Installation | null> {
  const file = join(paths.installations, id, "installation.json");
  const text = await readFile(file, "utf8").catch(absent);
  if (text === null) return null;
  const record = recordSchema.safeParse(parseJson(text));
  if (!record.success || record.data.id !== id) {
    throw cannotGoOn("An installation's record cannot be read", [
      {
        path: file,
        got: text.slice(0, 80),
        rule: `{"id":"${id}","checkout":"<absolute path of the checkout>"}`,
        fix: `printf '%s' '{"id":"${id}","checkout":"…"}' > ${file}`,
      },
    ]);
  }
  return installationAt(paths, id, record.data.checkout);
}

/** Everything is written beside its place and renamed into it: a killed process leaves no installation, not half of one. */
async function create(paths: Paths): Promise<Installation> {
  const checkout = await realpath(paths.checkout);
  const installation = installationAt(paths, await freeId(paths), checkout);
  const draft = join(paths.installations, `.new-${installation.id}-${process.pid}`);
  await removeDrafts(paths);
  await mkdir(join(draft, "backend"), { recursive: true, mode: 0o700 });
  await writeFile(join(draft, "passphrase"), newPassphrase(), { mode: 0o600, flag: "wx", flush: true });
  await writeFile(join(draft, "installation.json"), `${JSON.stringify({ id: installation.id, checkout })}\n`, { flush: true });
  await rename(draft, installation.folder);
  return installation;
}

async function freeId(paths: Paths): Promise<string> {
  for (;;) {
    const id = randomBytes(3).toString("hex");
    if (!existsSync(join(paths.installations, id))) return id;
  }
}

/** Leftovers of killed processes; only called under the creation lock. */
async function removeDrafts(paths: Paths): Promise<void> {
  const drafts = (await readdir(paths.installations)).filter((name) => name.startsWith(".new-"));
  await Promise.all(drafts.map((name) => rm(join(paths.installations, name), { recursive: true, force: true })));
}

function newPassphrase(): string {
  return randomBytes(32).toString("base64url");
}

async function checkPassphrase(installation: Installation, notice: (text: string) => void): Promise<void> {
  const { passphraseFile: file } = installation;
  const stat = await lstat(file).catch(absent);
  if (stat === null || (stat.isFile() && stat.size === 0)) return replaceLostPassphrase(installation, stat !== null);
  const owner = process.getuid?.();
  if (!stat.isFile() || (owner !== undefined && stat.uid !== owner)) {
    throw cannotGoOn("The passphrase file cannot be trusted", [
      {
        path: file,
        got: stat.isFile() ? `a file of user ${stat.uid}` : "something that is not a regular file",
        rule: `a regular file owned by user ${owner ?? "you"}`,
        fix: stat.isFile()
          ? `Run Fidus as user ${stat.uid}, or: chown ${owner ?? ""} ${file}`
          : `Put the passphrase itself into ${file}.`,
      },
    ]);
  }
  if ((stat.mode & 0o077) !== 0) {
    await chmod(file, 0o600);
    notice(`${file}: others could read it (mode ${(stat.mode & 0o777).toString(8)}); it is 600 again.`);
  }
}

/** A new passphrase is harmless only while nothing was encrypted with the old one. */
async function replaceLostPassphrase(installation: Installation, empty: boolean): Promise<void> {
  const { passphraseFile: file } = installation;
  const witness = await encryptedWitness(installation);
  if (witness === null) return writeFile(file, newPassphrase(), { mode: 0o600, flag: empty ? "w" : "wx", flush: true });
  throw lostPassphrase(file, empty ? "an empty file" : undefined, witness);
}

/** A file that needs the old passphrase: a stack's state, or a config with the engine's salt. null when there is none. */
async function encryptedWitness({ folder, backendFolder }: Installation): Promise<string | null> {
  for (const name of (await readdir(folder).catch(absent)) ?? []) {
    if (!/^Pulumi\..+\.yaml$/.test(name)) continue;
    if (/^encryptionsalt:/m.test(await readFile(join(folder, name), "utf8"))) return join(folder, name);
  }
  const stacks = join(backendFolder, ".pulumi", "stacks");
  const state = (await readdir(stacks, { recursive: true }).catch(absent))?.find((name) => /\.json(\.gz)?$/.test(name));
  return state === undefined ? null : join(stacks, state);
}

async function withCreationLock<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const { default: lockfile } = await import("proper-lockfile");
  const release = await lockfile.lock(folder, {
    lockfilePath: join(folder, ".lock"),
    stale: 5000,
    retries: { retries: 100, minTimeout: 50, maxTimeout: 250 },
  });
  try {
    return await work();
  } finally {
    await release();
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** For `.catch`: a missing file is an answer, anything else stays an error. */
function absent(error: unknown): null {
  if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR")) return null;
  throw error;
}
