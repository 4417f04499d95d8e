import { createHash } from "node:crypto";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync } from "fflate";
import * as tar from "tar";
import { onTestFinished } from "vitest";
import { createRun, type EnsureOptions, type Run, type ToolchainEvent } from "./run.ts";
import { cloudNames, partNames, platformOf, vendorArchive, versions, type PartName } from "./versions.ts";

/** What the tests' vendor does with one path. */
export type Behaviour = "serve" | "stall" | "truncate" | "spoil" | "refuse" | "fail";

/** A vendor on loopback. It has small archives and true lists of sums; behaviours are changed per file name. */
export interface TestVendor {
  readonly url: string;
  /** `METHOD /path` in order of arrival. */
  readonly requests: string[];
  readonly behaviours: Map<string, Behaviour>;
  /** Path → body: change it to make another release. */
  readonly files: Map<string, Buffer>;
  /** File names of the archives. */
  readonly archives: Readonly<Record<PartName, string>>;
  /** Resolves when a request for this file name arrives, or has arrived. */
  asked(file: string): Promise<void>;
  /** Gets the same lines as `requests`, with the URL as the client sent it (a whole one when this serves as its proxy). */
  onRequest(listener: (line: string) => void): void;
  /** Breaks every connection that is open now. */
  hangUp(): void;
  /** Publishes another archive for a part; its executable prints this. */
  publish(part: PartName, says: string): Promise<void>;
}

/** Removed with all its content when the test ends. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "fidus-toolchain-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));
  return folder;
}

/** Writes an executable shell script. */
export async function writeScript(path: string, body: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `#!/bin/sh\n${body}\n`);
  await chmod(path, 0o755);
}

/** A vendor with an archive per part; the CLI in it says its version, as the real one does. Lists of plugins hold SHA-1 sums. */
export async function startVendor(): Promise<TestVendor> {
  const files = new Map<string, Buffer>();
  const waiting = new Map<string, PromiseWithResolvers<void>>();
  const arrival = (file: string): PromiseWithResolvers<void> => {
    const known = waiting.get(file) ?? Promise.withResolvers<void>();
    waiting.set(file, known);
    return known;
  };
  const requests: string[] = [];
  const listeners: ((line: string) => void)[] = [];
  const behaviours = new Map<string, Behaviour>();
  const server = createServer((request, response) => {
    for (const listener of listeners) listener(`${request.method} ${request.url}`);
    const path = (request.url ?? "").replace(/^http:\/\/[^/]+/, "");
    requests.push(`${request.method} ${path}`);
    const file = path.split("/").at(-1) ?? "";
    if (request.method === "GET") arrival(file).resolve();
    answer(request, response, files.get(path), behaviours.get(file) ?? "serve");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const all = [...partNames, ...cloudNames];
  for (const part of all) await publish(files, part);
  const archives = Object.fromEntries(all.map((part) => [part, vendorArchive(part, platformOf()).file])) as Record<
    PartName,
    string
  >;
  return {
    url,
    requests,
    behaviours,
    files,
    archives,
    asked: (file) => arrival(file).promise,
    onRequest: (listener) => void listeners.push(listener),
    hangUp: () => server.closeAllConnections(),
    publish: (part, says) => publish(files, part, says),
  };
}

function answer(request: IncomingMessage, response: ServerResponse, body: Buffer | undefined, behaviour: Behaviour): void {
  if (behaviour === "refuse") return void response.writeHead(403).end();
  if (behaviour === "fail") return void response.writeHead(503).end();
  if (body === undefined) return void response.writeHead(404).end();
  response.writeHead(200, { "content-length": body.length });
  if (request.method === "HEAD" || behaviour === "serve") return void response.end(body);
  if (behaviour === "spoil") return void response.end(Buffer.from(body).fill(0xff, body.length - 1));
  response.write(body.subarray(0, body.length / 2), () => {
    if (behaviour === "truncate") response.destroy();
  });
}

/** An archive of one part with a true list of sums. @default says the version, as the real CLI does */
async function publish(files: Map<string, Buffer>, part: PartName, says = `v${versions.pulumi}`): Promise<void> {
  const archive = vendorArchive(part, platformOf());
  const folder = await mkdtemp(join(tmpdir(), "fidus-archive-"));
  for (const { part: carried, entry } of archive.entries)
    await writeScript(join(folder, entry), `echo ${says} # ${carried} ${"padding ".repeat(200)}`);
  await writeFile(join(folder, "README.md"), "not wanted");
  const names = [...new Set(archive.entries.map(({ entry }) => entry.split("/")[0] ?? entry)), "README.md"];
  await tar.c({ cwd: folder, file: join(folder, "out.tar") }, names);
  const body = Buffer.from(gzipSync(await readFile(join(folder, "out.tar"))));
  await rm(folder, { recursive: true });
  files.set(pathOf(archive.url), body);
  const sum = createHash(part === "cli" || part === "language-host" ? "sha256" : "sha1")
    .update(body)
    .digest("hex");
  for (const url of archive.checksumUrls)
    files.set(pathOf(url), Buffer.from(`${"0".repeat(40)}  ./other.tar.gz\n${sum}  ./${archive.file}\n`));
}

const pathOf = (url: string): string => new URL(url).pathname;

export interface TestSetup {
  readonly folder: string;
  readonly root: string;
  readonly events: ToolchainEvent[];
  readonly options: EnsureOptions;
  readonly run: Run;
}

/** An empty machine: own folder, HOME and PATH; small sources; `env` comes on top. */
export async function emptyMachine(env: Record<string, string> = {}, more: Partial<EnsureOptions> = {}): Promise<TestSetup> {
  const folder = await temporaryFolder();
  const root = join(folder, "toolchain");
  await writeSources(join(folder, "sources"));
  const events: ToolchainEvent[] = [];
  const options: EnsureOptions = {
    paths: { root },
    log: (event) => events.push(event),
    env: { HOME: join(folder, "home"), PATH: `${join(folder, "path")}:/usr/bin:/bin`, ...env },
    limits: { connectMs: 500, stallMs: 300, attempts: 2 },
    sources: join(folder, "sources"),
    ...more,
  };
  return { folder, root, events, options, run: createRun(options) };
}

/** A go command that "builds" a script printing the CLI's version, or fails; it appends its arguments to `calls`. */
export async function installFakeGo(folder: string, { version = "1.26.8", fails = false } = {}): Promise<string> {
  const calls = join(folder, "go-calls");
  const build = `while [ $# -gt 0 ]; do [ "$1" = -o ] && out=$2; shift; done
    echo runtime >&2; printf '#!/bin/sh\\necho v${versions.pulumi}\\n' > "$out"; chmod +x "$out"`;
  const failure = 'echo "main.go:1: no such module" >&2; exit 1';
  const body = `echo "$*" >> ${calls}\ncase "$1" in version) echo "go version go${version} linux/amd64";; build) ${fails ? failure : build};; esac`;
  await writeScript(join(folder, "path", "go"), body);
  return calls;
}

async function writeSources(sources: string): Promise<void> {
  const texts: Record<string, string> = {
    "go/pulumi/go.mod": "module fidus/toolchain/pulumi\n",
    "go/docker/go.mod": "module fidus/toolchain/docker\n",
    "go/docker/main.go": "package main\n",
    "providers/shared.ts": "export const port: number = 4711;\n",
    "language-host.ts": 'import { port } from "./providers/shared.ts";\nconsole.log(port, process.argv.slice(2).join(" "));\n',
  };
  for (const name of ["command", "random", "tls"]) {
    texts[`providers/${name}.ts`] = `import { port } from "./shared.ts";\nconsole.log(port, "${name}", process.version);\n`;
  }
  for (const [name, text] of Object.entries(texts)) {
    await mkdir(dirname(join(sources, name)), { recursive: true });
    await writeFile(join(sources, name), text);
  }
}
