import { execa } from "execa";
import { copyFile, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { extract } from "tar";
import { createHash } from "node:crypto";
import type { ImageName } from "./images.ts";
import type { LockFile } from "./lock-closure.ts";
import { contentFiles } from "./tags.ts";

export interface PrepareArgs {
  /** The checkout's root folder. */
  readonly root: string;
  /** Empty folder that becomes the build context. */
  readonly context: string;
  /** npm's and Node's name of the engine's architecture. */
  readonly cpu: "x64" | "arm64";
  readonly env: NodeJS.ProcessEnv;
  readonly onLine: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Puts into the build context what an image needs besides its own folder. npm runs here, with this machine's npm settings. */
export async function prepareContext(name: ImageName, args: PrepareArgs): Promise<void> {
  await copyFolder(args.root, `infra/images/${name}`, args.context);
  if (name === "app") await prepareApp(args);
  if (name === "llm") await prepareRuntime(args);
}

/** An empty folder for uploads, the bundle (made by the application's own build script) and the Node binary. */
async function prepareApp(args: PrepareArgs): Promise<void> {
  const { root, context, env, onLine, signal } = args;
  const output = join(context, "app");
  await mkdir(output);
  await mkdir(join(context, "uploads"));
  await run(process.execPath, [join(root, "app/build.ts"), output], { cwd: root, env, onLine, signal });
  await nodeBinary(args, join(context, "node"));
}

/** The Node binary of the locked npm package: from node_modules when npm put it there, else fetched and checked against the lock. */
async function nodeBinary({ root, context, cpu, env, onLine, signal }: PrepareArgs, target: string): Promise<void> {
  const name = `node-linux-${cpu}`;
  const lock = JSON.parse(await readFile(join(root, "package-lock.json"), "utf8")) as LockFile;
  const locked = lock.packages[`node_modules/${name}`];
  if (locked?.version === undefined || locked.integrity === undefined) {
    throw new Error(
      `package-lock.json: got no ${name}; needs it with version and integrity. npm install --save-optional ${name}`,
    );
  }
  const installed = join(root, "node_modules", name);
  const found = await readFile(join(installed, "package.json"), "utf8").catch(() => "{}");
  if ((JSON.parse(found) as { version?: string }).version === locked.version) {
    await copyFile(join(installed, "bin/node"), target);
    return;
  }
  const folder = await mkdtemp(join(dirname(context), "node-"));
  try {
    await run("npm", ["pack", "--silent", "--pack-destination", folder, `${name}@${locked.version}`], {
      cwd: folder,
      env,
      onLine,
      signal,
    });
    const archive = join(folder, `${name}-${locked.version}.tgz`);
    const integrity = `sha512-${createHash("sha512")
      .update(await readFile(archive))
      .digest("base64")}`;
    if (integrity !== locked.integrity) {
      throw new Error(
        `${name}@${locked.version}: got ${integrity}; needs ${locked.integrity} of package-lock.json. Ask who runs your registry.`,
      );
    }
    await extract({ file: archive, cwd: folder, filter: (path) => path === "package/bin/node" });
    await copyFile(join(folder, "package/bin/node"), target);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** node_modules of the embedded runtime for the engine's architecture. */
function prepareRuntime({ root, context, cpu, env, onLine, signal }: PrepareArgs): Promise<void> {
  return installRuntime({ root, target: join(context, "node_modules"), scratch: dirname(context), cpu, env, onLine, signal });
}

export interface InstallRuntimeArgs extends RunSettings {
  /** The checkout's root folder. */
  readonly root: string;
  /** Where node_modules goes. */
  readonly target: string;
  /** Folder for a temporary one. */
  readonly scratch: string;
  readonly cpu: "x64" | "arm64";
}

/** Installs the embedded runtime into `target`, exactly as locked. Throws an Error when a version or checksum is another one. */
export async function installRuntime({
  root,
  target: destination,
  scratch,
  cpu,
  env,
  onLine,
  signal,
}: InstallRuntimeArgs): Promise<void> {
  const source = join(root, cpu === "x64" ? "app/llm" : `app/llm/${cpu}`);
  const folder = await mkdtemp(join(scratch, "llm-"));
  try {
    for (const file of ["package.json", "package-lock.json"]) await copyFile(join(source, file), join(folder, file));
    const target = ["--os=linux", `--cpu=${cpu}`, "--libc=glibc"];
    // Not `npm ci`: it refuses when a registry lacks an optional package of another platform. What was installed is compared
    // with the lock file below. Scripts would compile llama.cpp; optional packages are other platforms' and GPUs' binaries.
    const options = [
      "--no-save",
      "--ignore-scripts",
      "--omit=optional",
      "--omit=dev",
      "--no-audit",
      "--no-fund",
      "--no-update-notifier",
    ];
    await run("npm", ["install", ...options, ...target], { cwd: folder, env, onLine, signal });
    const [installed, locked] = await Promise.all(
      ["node_modules/.package-lock.json", "package-lock.json"].map(
        async (file) => JSON.parse(await readFile(join(folder, file), "utf8")) as LockFile,
      ),
    );
    const strays = installed && locked ? differences(installed, locked) : ["the whole lock file"];
    if (strays.length > 0)
      throw new Error(`app/llm: got ${strays.join(", ")}; needs the versions of package-lock.json. npm install --prefix app/llm`);
    await dropUnused(join(folder, "node_modules"));
    await cp(join(folder, "node_modules"), destination, { recursive: true, verbatimSymlinks: true });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Packages of `installed` whose version or integrity is not that of `locked`. */
export function differences(installed: LockFile, locked: LockFile): string[] {
  return Object.entries(installed.packages)
    .filter(
      ([path, { version, integrity }]) =>
        locked.packages[path]?.version !== version || locked.packages[path]?.integrity !== integrity,
    )
    .map(([path, { version }]) => `${path} ${version ?? "-"}`);
}

/** llama.cpp's sources (all but the descriptions and grammars read at run time) and what compiles them: the prebuilt library is used. */
async function dropUnused(modules: string): Promise<void> {
  const sources = join(modules, "node-llama-cpp/llama");
  const entries = await readdir(sources);
  const unused = ["node-llama-cpp/templates", "cmake-js", "node-api-headers", "node-addon-api", ".bin"].map((path) =>
    join(modules, path),
  );
  const parts = entries.filter((name) => !name.endsWith(".json") && name !== "grammars").map((name) => join(sources, name));
  await Promise.all([...unused, ...parts].map((path) => rm(path, { recursive: true, force: true })));
}

async function copyFolder(root: string, path: string, target: string): Promise<void> {
  for (const file of contentFiles(root, path)) {
    const to = join(target, file.slice(path.length + 1));
    await mkdir(dirname(to), { recursive: true });
    await copyFile(join(root, file), to);
  }
}

interface RunSettings {
  readonly env: NodeJS.ProcessEnv;
  readonly onLine: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
}

interface RunOptions extends RunSettings {
  readonly cwd: string;
}

/** Runs a program to its end; a failure carries the last lines it printed. */
async function run(program: string, args: readonly string[], { cwd, env, onLine, signal }: RunOptions): Promise<void> {
  const cancel = signal === undefined ? {} : { cancelSignal: signal };
  const child = execa(program, args, { cwd, env, extendEnv: false, all: true, stdin: "ignore", reject: false, ...cancel });
  for await (const line of child.iterable({ from: "all" })) onLine(String(line));
  const result = await child;
  if (!result.failed) return;
  const tail = (result.all ?? "").trimEnd().split("\n").slice(-15).join("\n");
  throw new Error(
    `${program} ${args.slice(0, 2).join(" ")} failed (exit ${result.exitCode ?? "none"}):\n${tail || result.shortMessage}`,
  );
}

/** An empty context folder below `folder`. */
export async function newContext(folder: string, name: ImageName): Promise<string> {
  const context = await mkdtemp(join(folder, `${name}-`));
  await writeFile(join(context, ".dockerignore"), "");
  return context;
}
