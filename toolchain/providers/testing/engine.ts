import { spawn, type ChildProcess } from "node:child_process";
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { enginePath, nodePath, ownCheckout } from "./programs.ts";

const toolchain = resolve(import.meta.dirname, "../..");
const standIns = ["command", "random", "tls"] as const;

/** What one run of the engine ended with; `output` is stdout and stderr as they came. */
export interface Ran {
  readonly code: number | null;
  readonly output: string;
}

/** A resource as the state has it. */
export interface Recorded {
  readonly urn: string;
  readonly type: string;
  readonly id: string;
  readonly inputs: Record<string, unknown>;
  readonly outputs?: Record<string, unknown>;
}

/** What a project has beside the stand-ins. */
export interface EngineProjectOptions {
  /** More provider plugins by package name: the program with its arguments, and the version that is asked for. @default none */
  readonly plugins?: Readonly<Record<string, { readonly version: string; readonly program: readonly string[] }>>;
  /** @default none */
  readonly env?: Readonly<Record<string, string>>;
  /** Runs the checkout's own stacks instead of a program of the test. @default false */
  readonly ownStacks?: boolean;
  /** @default "dev" */
  readonly stack?: string;
  /** Keeps what the engine and its plugins say to each other, for `providerLog`. @default false */
  readonly logged?: boolean;
  /** Whose stacks and packages: another revision's. The plugins are always of this one. @default the one this file is in */
  readonly checkout?: string;
}

/** A Pulumi project in a temporary folder, run by the real engine with our language host and providers. */
export class EngineProject {
  readonly directory: string;
  readonly env: NodeJS.ProcessEnv;
  readonly stack: string;
  readonly #projectName: string;
  readonly #running = new Set<ChildProcess>();
  /** What the engine made of secrets, by key and value. */
  readonly #sealed = new Map<string, string>();
  #emptyState = "";

  private constructor(directory: string, env: NodeJS.ProcessEnv, { stack = "dev", ownStacks = false }: EngineProjectOptions) {
    this.directory = directory;
    this.env = env;
    this.stack = stack;
    this.#projectName = ownStacks ? "fidus" : "probe";
  }

  /** A project with an empty stack; `await using` removes it. */
  static async create(options: EngineProjectOptions = {}): Promise<EngineProject> {
    const { checkout = ownCheckout } = options;
    const directory = await mkdtemp(join(tmpdir(), "fidus-engine-"));
    const bin = join(directory, "bin");
    const home = join(directory, "home");
    await mkdir(join(directory, "program"));
    await mkdir(join(directory, "backend"));
    await writeLauncher(join(bin, "pulumi-language-nodejs"), [join(toolchain, "language-host.ts")]);
    const own = await Promise.all(
      standIns.map(async (name) => {
        const program = [join(toolchain, `providers/${name}.ts`)];
        return [name, { version: await sdkVersion(name, checkout), program }] as const;
      }),
    );
    for (const [name, { version, program }] of [...own, ...Object.entries(options.plugins ?? {})])
      await writeLauncher(join(home, `plugins/resource-${name}-v${version}/pulumi-resource-${name}`), program);
    const { SSH_AUTH_SOCK: _agent, ...inherited } = process.env; // the user's agent is no part of a test
    const env = {
      ...inherited,
      PATH: [bin, dirname(nodePath()), process.env["PATH"]].join(":"),
      PULUMI_HOME: home,
      PULUMI_BACKEND_URL: `file://${join(directory, "backend")}`,
      PULUMI_CONFIG_PASSPHRASE: "test",
      ...(options.logged === true ? { PULUMI_DEBUG_GRPC: join(directory, "grpc.json") } : {}),
      // Half of a run without changes is Node compiling the same modules again: the program, its host and each plugin.
      NODE_COMPILE_CACHE: join(checkout, "node_modules/.cache/node-compile-cache"),
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      ...options.env,
    };
    const project = new EngineProject(directory, env, options);
    await project.#writeFiles(checkout, options.ownStacks ?? false);
    const made = await project.run("stack", "init", project.stack);
    if (made.code !== 0) throw new Error(made.output);
    project.#emptyState = await project.stateText();
    return project;
  }

  /** Another empty stack of the same project, with settings and state of its own; removed with the project. */
  async otherStack(stack: string): Promise<EngineProject> {
    const ownStacks = this.#projectName === "fidus";
    const other = new EngineProject(this.directory, { ...this.env, PULUMI_STACK: stack }, { stack, ownStacks });
    const made = await this.run("stack", "init", stack, "--no-select");
    if (made.code !== 0) throw new Error(made.output);
    other.#emptyState = await other.stateText();
    return other;
  }

  /** Forgets every resource, as if the stack were new. */
  reset(): Promise<void> {
    return this.putState(this.#emptyState);
  }

  /** Takes a state file that `stateText` gave, of this or another project with a stack of the same name. */
  async putState(text: string): Promise<void> {
    await writeFile(this.#stateFile, text);
  }

  get #stateFile(): string {
    return join(this.directory, `backend/.pulumi/stacks/${this.#projectName}/${this.stack}.json`);
  }

  async #writeFiles(checkout: string, ownStacks: boolean): Promise<void> {
    const description = await readFile(join(checkout, "Pulumi.yaml"), "utf8");
    const named = description.replace(/^name: .*$/m, `name: ${this.#projectName}`);
    await writeFile(join(this.directory, "program/Pulumi.yaml"), named);
    if (ownStacks) await symlink(join(checkout, "stacks"), join(this.directory, "program/stacks"));
    else {
      await mkdir(join(this.directory, "program/stacks"));
      await symlink(join(checkout, "stacks/sdk-on-demand.mjs"), join(this.directory, "program/stacks/sdk-on-demand.mjs"));
    }
    const { imports } = JSON.parse(await readFile(join(checkout, "package.json"), "utf8")) as { imports?: unknown };
    const described = { type: "module", imports, dependencies: { "@pulumi/pulumi": "*" } };
    await writeFile(join(this.directory, "program/package.json"), JSON.stringify(described));
    await symlink(join(checkout, "node_modules"), join(this.directory, "program/node_modules"));
  }

  /** Replaces the stack's settings by these, and keeps the salt of its secrets. Keys without a package belong to the project. */
  async configure(settings: Readonly<Record<string, string>>, secrets: Readonly<Record<string, string>> = {}): Promise<void> {
    const salt = /^encryptionsalt: .*$/m.exec(await readFile(this.#configFile, "utf8"))?.[0] ?? "";
    await writeFile(this.#configFile, `${salt}\n`);
    const sealed = await this.#sealedAll(secrets);
    const config = { ...settings, ...Object.fromEntries(sealed.map(([key, secure]) => [key, { secure }])) };
    const lines = Object.entries(config).map(([key, value]) => {
      return `  ${key.includes(":") ? key : `${this.#projectName}:${key}`}: ${JSON.stringify(value)}`;
    });
    await writeFile(this.#configFile, [salt, ...(lines.length === 0 ? [] : ["config:"]), ...lines, ""].join("\n"));
  }

  /** Each secret as the engine seals it, which takes a second of computing: it is asked once for each value. */
  async #sealedAll(secrets: Readonly<Record<string, string>>): Promise<[key: string, secure: string][]> {
    const known = (key: string, value: string): string => `${key}=${value}`;
    const fresh = Object.entries(secrets).filter(([key, value]) => !this.#sealed.has(known(key, value)));
    if (fresh.length > 0) {
      const pairs = fresh.flatMap(([key, value]) => ["--secret", known(key, value)]);
      const set = await this.run("config", "set-all", ...pairs);
      if (set.code !== 0) throw new Error(set.output);
      const text = await readFile(this.#configFile, "utf8");
      for (const [key, value] of fresh) {
        const name = key.includes(":") ? key : `${this.#projectName}:${key}`;
        const secure = new RegExp(`^  ${name}:\\n    secure: (.*)$`, "m").exec(text)?.[1];
        if (secure === undefined) throw new Error(`the engine sealed no ${name}:\n${text}`);
        this.#sealed.set(known(key, value), secure);
      }
    }
    return Object.entries(secrets).map(([key, value]) => [key, this.#sealed.get(known(key, value)) ?? ""]);
  }

  get #configFile(): string {
    return join(this.directory, `program/Pulumi.${this.stack}.yaml`);
  }

  /** Replaces the program: `body` is the inside of an async function that may return outputs. */
  async program(body: string): Promise<void> {
    const imports = ["pulumi", "random", "command", "tls"].map((name) => `import * as ${name} from "@pulumi/${name}";`);
    const text = `${imports.join("\n")}\nvoid [pulumi, random, command, tls];\nexport default async function main() {\n${body}\n}\n`;
    await writeFile(join(this.directory, "program/stacks/index.ts"), text);
  }

  start(...args: string[]): { process: ChildProcess; ended: Promise<Ran>; seen: (text: string | RegExp) => Promise<void> } {
    const child = spawn(enginePath(), [...args, "--non-interactive", "--color", "never"], {
      cwd: join(this.directory, "program"),
      env: this.env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#running.add(child);
    let output = "";
    const watchers = new Set<() => void>();
    const take = (chunk: Buffer): void => {
      output += chunk.toString();
      for (const watcher of watchers) watcher();
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    const ended = new Promise<Ran>((resolve_, reject) => {
      child.once("error", reject);
      child.once("close", (code) => {
        this.#running.delete(child);
        resolve_({ code, output });
      });
    });
    const seen = (text: string | RegExp): Promise<void> =>
      new Promise((resolve_, reject) => {
        const check = (): void => {
          if (typeof text === "string" ? !output.includes(text) : !text.test(output)) return;
          watchers.delete(check);
          resolve_();
        };
        watchers.add(check);
        void ended.then(() => reject(new Error(`the engine ended without printing ${String(text)}:\n${output}`)));
        check();
      });
    return { process: child, ended, seen };
  }

  run(...args: string[]): Promise<Ran> {
    return this.start(...args).ended;
  }

  /** `up` without its preview. */
  up(...args: string[]): Promise<Ran> {
    return this.run("up", "--yes", "--skip-preview", ...args);
  }

  /** Fails unless nothing would change. */
  async expectNoChange(): Promise<void> {
    const { code, output } = await this.run("preview", "--expect-no-changes", "--diff");
    if (code !== 0) throw new Error(output);
  }

  /** The program's outputs as the state has them: secret ones as their ciphertext. */
  async outputs(): Promise<Record<string, unknown>> {
    const stack = (await this.#recorded()).find(({ type }) => type === "pulumi:pulumi:Stack");
    return stack?.outputs ?? {};
  }

  /** The resources in the state, without the stack and the providers. */
  async resources(): Promise<Recorded[]> {
    return (await this.#recorded()).filter(({ type }) => !type.startsWith("pulumi:"));
  }

  async #recorded(): Promise<Recorded[]> {
    const state = JSON.parse(await this.stateText()) as { checkpoint: { latest?: { resources?: Recorded[] } } };
    return state.checkpoint.latest?.resources ?? [];
  }

  /** What providers sent to the engine in the last runs, which must be `logged`: log lines of any level but the SDK's debug ones, and errors. */
  async providerLog(): Promise<string[]> {
    const calls = (await readFile(this.#grpcLog, "utf8")).split("\n").filter((line) => line !== "");
    return calls.filter((line) => {
      const call = JSON.parse(line) as { method: string; request?: { severity?: string }; error?: string };
      return call.error !== undefined || (call.method === "/pulumirpc.Engine/Log" && call.request?.severity !== undefined);
    });
  }

  get #grpcLog(): string {
    return join(this.directory, "grpc.json");
  }

  /** The state file as it lies on disk. */
  stateText(): Promise<string> {
    return readFile(this.#stateFile, "utf8");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#running) child.kill("SIGKILL");
    await rm(this.directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

/** Version of a Pulumi SDK in a checkout: that of the plugin which the engine will ask for. */
export async function sdkVersion(name: string, checkout: string = ownCheckout): Promise<string> {
  const text = await readFile(join(checkout, `node_modules/@pulumi/${name}/package.json`), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

async function writeLauncher(file: string, program: readonly string[]): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const command = [nodePath(), ...program].map((part) => `"${part}"`);
  await writeFile(file, `#!/bin/sh\nexec ${command.join(" ")} "$@"\n`);
  await chmod(file, 0o755);
}
