import { readdir, stat } from "node:fs/promises";
import { basename, join, posix } from "node:path";
import { promisify } from "node:util";
import type { Client, SFTPWrapper, Stats } from "ssh2";
import { z } from "zod";
import { commandId } from "./command-local.ts";
import { abortMessage } from "./command-output.ts";
import { PluginError } from "./grpc-server.ts";
import { defineResource, type Resource, type Step } from "./resource.ts";
import { connection, withSsh } from "./ssh.ts";
import { isArchive, isAsset, sameValue, type Wire, type WireMap } from "./values.ts";

/** SFTP status for "no such file". */
const noSuchFile = 2;

const sourceObject = z.custom<WireMap>(
  (value) => isAsset(value as Wire) || isArchive(value as Wire),
  "needs a FileAsset, StringAsset, FileArchive or AssetArchive",
);
const inputs = z.object({
  connection,
  remotePath: z.string().min(1),
  source: sourceObject,
  triggers: z.array(z.unknown()).optional(),
});
type CopyStep = Step<z.output<typeof inputs>>;

async function copy(step: CopyStep): Promise<void> {
  const { connection: to, remotePath, source } = step.inputs;
  try {
    await withSsh(to, step, async (client) => {
      const remote = new RemoteFiles(await openSftp(client));
      if (isAsset(source)) await copyAsset(remote, source, remotePath);
      else await copyArchive(remote, source, remotePath);
    });
  } catch (error) {
    if (step.signal.aborted) throw new PluginError(abortMessage("copy", step.signal));
    if (error instanceof PluginError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new PluginError(
      `remotePath: got "${reason}" for ${remotePath}; needs a readable source and a place the user may write. Fix the paths`,
    );
  }
}

function openSftp(client: Client): Promise<SFTPWrapper> {
  return new Promise((resolve, reject) => client.sftp((error, sftp) => (error ? reject(error) : resolve(sftp))));
}

/** The few file operations that copying needs. */
class RemoteFiles {
  readonly #sftp: SFTPWrapper;

  constructor(sftp: SFTPWrapper) {
    this.#sftp = sftp;
  }

  async kind(path: string): Promise<"directory" | "file" | "absent"> {
    try {
      const found = await new Promise<Stats>((resolve, reject) => {
        this.#sftp.stat(path, (error, stats) => (error ? reject(error) : resolve(stats)));
      });
      return found.isDirectory() ? "directory" : "file";
    } catch (error) {
      if ((error as { code?: number }).code === noSuchFile) return "absent";
      throw error;
    }
  }

  async makeDirectories(path: string): Promise<void> {
    const kind = await this.kind(path);
    if (kind === "directory") return;
    if (kind === "file")
      throw new PluginError(`remotePath: got ${path}, a file; needs a directory there. Remove it or choose another path`);
    await this.makeDirectories(posix.dirname(path));
    await promisify(this.#sftp.mkdir.bind(this.#sftp) as (path: string, done: (error?: Error | null) => void) => void)(path);
  }

  async write(path: string, content: string): Promise<void> {
    await this.makeDirectories(posix.dirname(path));
    await new Promise<void>((resolve, reject) => {
      this.#sftp.writeFile(path, content, (error) => (error ? reject(error) : resolve()));
    });
  }

  async upload(local: string, path: string): Promise<void> {
    await this.makeDirectories(posix.dirname(path));
    await new Promise<void>((resolve, reject) => {
      this.#sftp.fastPut(local, path, (error) => (error ? reject(error) : resolve()));
    });
  }
}

async function copyAsset(remote: RemoteFiles, asset: WireMap, to: string): Promise<void> {
  if (typeof asset["path"] === "string") return copyPath(remote, asset["path"], to);
  if (typeof asset["text"] !== "string") throw noRemoteSource(asset);
  if ((await remote.kind(to)) === "directory") {
    throw new PluginError(`remotePath: got ${to}, a directory; needs a file path for a text asset. Add the file's name`);
  }
  return remote.write(to, asset["text"]);
}

async function copyArchive(remote: RemoteFiles, archive: WireMap, to: string): Promise<void> {
  if (typeof archive["path"] === "string") return copyPath(remote, archive["path"], to);
  const members = archive["assets"];
  if (members === null || typeof members !== "object" || Array.isArray(members)) throw noRemoteSource(archive);
  await remote.makeDirectories(to);
  for (const [name, member] of Object.entries(members)) {
    if (isAsset(member)) await copyAsset(remote, member as WireMap, posix.join(to, name));
    else await copyArchive(remote, member as WireMap, posix.join(to, name));
  }
}

function noRemoteSource(source: WireMap): PluginError {
  return new PluginError(
    `source: got ${String(source["uri"] ?? "an empty asset")}; needs a local file or text. Download it first`,
  );
}

/** Where a path goes, as the published plugin decides it: a directory keeps its name unless it ends in "/". */
async function copyPath(remote: RemoteFiles, from: string, to: string): Promise<void> {
  const intoDirectory = (await remote.kind(to)) === "directory";
  if (!(await stat(from)).isDirectory()) return remote.upload(from, intoDirectory ? posix.join(to, basename(from)) : to);
  return copyDirectory(remote, from, from.endsWith("/") ? to : posix.join(to, basename(from)));
}

async function copyDirectory(remote: RemoteFiles, from: string, to: string): Promise<void> {
  await remote.makeDirectories(to);
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), posix.join(to, entry.name)];
    if (entry.isDirectory()) await copyDirectory(remote, source, target);
    else await remote.upload(source, target);
  }
}

/** `command:remote:CopyToRemote`: files or text to a path on another host. */
export const copyToRemote: Resource = defineResource({
  inputs,
  secretInputs: ["connection"],
  outputs: {},
  replaceOn: ["triggers"],
  create: async (step) => {
    await copy(step);
    return { id: commandId(""), outputs: {} };
  },
  // A new address alone copies nothing, as in the published plugin: triggers are for that.
  update: async (step) => {
    const { state, wire, inputs: wanted } = step;
    if (!sameValue(state["source"], wire["source"]) || state["remotePath"] !== wanted.remotePath) await copy(step);
    return {};
  },
});
