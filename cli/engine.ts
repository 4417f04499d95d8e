import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa, ExecaError } from "execa";
import type { CliContext } from "./context.ts";
import { engineEnvironment } from "./engine-env.ts";
import { engineFailure, indent, readEvents, type Changes, type EngineStep } from "./engine-events.ts";
import { CliError } from "./errors.ts";
import type { Installation } from "./installation.ts";
import type { StackConfigFile } from "./stack-config.ts";

/** The real Pulumi CLI on one stack of one installation. */
export interface PulumiEngine {
  /** Creates the stack's state and salt once; a config that lacks the salt gets that of the state. */
  ensureStack(config: StackConfigFile): Promise<void>;
  /**
   * Runs `pulumi up|destroy|refresh` to its end, with `more` in its environment, and returns what changed. Throws EngineRunError exit 1 with
   * the engine's own errors.
   */
  run(
    operation: "up" | "destroy" | "refresh",
    args: readonly string[],
    onStep: (step: EngineStep) => void,
    more?: Readonly<Record<string, string>>,
  ): Promise<Changes>;
  /** What the next `up` would do, with all that stays and what earlier replacements left; a refused plan has an exit code too. */
  preview(): Promise<RecordedPreview>;
  /** The stack's outputs, secrets left out; null before the first `up`. */
  outputs(): Promise<Readonly<Record<string, unknown>> | null>;
  /** Every resource in the state; [] before the first `up`. */
  resources(): Promise<readonly StateResource[]>;
  /** Any other call of the CLI, with `input` on its standard input; its standard output. */
  call(args: readonly string[], input?: string): Promise<string>;
}

export interface RecordedPreview {
  /** The JSON document. */
  readonly text: string;
  /** Of the engine, 0 to 255. */
  readonly exitCode: number;
}

export interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly id: string;
  readonly protect: boolean;
  /** URN of the component it belongs to; "" for none. */
  readonly parent: string;
  /** Its name on the engine, for a container. */
  readonly name: string | null;
}

/** The engine for `stack`; starts no process by itself. */
export function pulumiEngine(ctx: CliContext, installation: Installation, stack: string): PulumiEngine {
  const env = {
    ...ctx.env,
    ...engineEnvironment(ctx.paths, installation, stack, ctx.env),
    PULUMI_CONFIG_PASSPHRASE: undefined,
  };
  const spawn = (args: readonly string[], { cwd = ctx.paths.checkout, input, more = {} }: SpawnOptions = {}) =>
    execa("pulumi", [...args, "--non-interactive", "--color", "never"], {
      cwd,
      env: { ...env, ...more },
      cancelSignal: ctx.signal,
      forceKillAfterDelay: 60_000,
      ...(input === undefined ? { stdin: "ignore" as const } : { input }),
      // A terminal's Ctrl-C reaches the whole foreground group: the engine would count two signals and drop what it is doing.
      detached: true,
    });
  const call = async (args: readonly string[], input?: string): Promise<string> =>
    (await guarded(spawn(args, input === undefined ? {} : { input }))).stdout;
  const resources = async (): Promise<readonly StateResource[]> => {
    const text = await call(["stack", "export", "--stack", stack]).catch(noSuchStack);
    return text === null ? [] : stateResources(JSON.parse(text));
  };
  const isEmptyStack = async (): Promise<boolean> => (await resources()).length === 0;
  return {
    call,
    resources,
    async ensureStack(config) {
      await mkdir(installation.backendFolder, { recursive: true, mode: 0o700 });
      const names: unknown = JSON.parse(await call(["stack", "ls", "--json", "--project", "fidus"]));
      const exists = Array.isArray(names) && names.some((row: { name?: string }) => row.name?.split("/").at(-1) === stack);
      if (exists && config.salt() !== "") return;
      const recorded = exists ? recordedSalt(await call(["stack", "export", "--stack", stack])) : null;
      if (recorded !== null) {
        config.setSalt(recorded);
        return config.save();
      }
      // A kill between the engine's two writes leaves a stack without its salt; while it is empty nothing is lost by a new one.
      if (exists && !(await isEmptyStack())) throw lostSalt(config.file);
      if (exists) await call(["stack", "rm", stack, "--yes", "--force", "--preserve-config"]);
      config.setSalt(
        await initInScratch(installation, stack, ctx.paths.checkout, (cwd) =>
          guarded(spawn(["stack", "init", stack, "--no-select"], { cwd })),
        ),
      );
      await config.save();
    },
    async run(operation, args, onStep, more = {}) {
      const child = spawn([operation, "--stack", stack, "--json", "--yes", "--skip-preview", ...args], { more });
      const seen = readEvents(child.stdout, onStep);
      try {
        await child;
      } catch (error) {
        throw engineFailure(operation, await seen, error, ctx.signal);
      }
      return (await seen).changes;
    },
    async preview() {
      const flags = ["--json", "--show-sames", "--show-replacement-steps"];
      try {
        return { text: (await spawn(["preview", "--stack", stack, ...flags])).stdout, exitCode: 0 };
      } catch (error) {
        const refused = error instanceof ExecaError && /^\s*\{/.test(String(error.stdout));
        if (refused && error.exitCode !== undefined) return { text: String(error.stdout), exitCode: error.exitCode };
        throw engineFailure("preview", { changes: {}, errors: [], printed: [], failed: [] }, error, ctx.signal);
      }
    },
    async outputs() {
      const text = await call(["stack", "output", "--json", "--stack", stack]).catch(noSuchStack);
      const parsed: unknown = JSON.parse(text ?? "{}");
      return typeof parsed === "object" && parsed !== null && Object.keys(parsed).length > 0 ? { ...parsed } : null;
    },
  };
}

interface SpawnOptions {
  readonly cwd?: string;
  readonly input?: string;
  /** More of the environment. */
  readonly more?: Readonly<Record<string, string>>;
}

/** The engine writes the salt beside the Pulumi.yaml it finds: a scratch folder keeps it out of the checkout. */
async function initInScratch(
  installation: Installation,
  stack: string,
  checkout: string,
  init: (cwd: string) => Promise<unknown>,
): Promise<string> {
  const scratch = join(installation.folder, `init-${process.pid}`);
  try {
    await mkdir(scratch, { mode: 0o700 });
    await writeFile(join(scratch, "Pulumi.yaml"), await readFile(join(checkout, "Pulumi.yaml"), "utf8"));
    await init(scratch);
    const written = await readFile(join(scratch, `Pulumi.${stack}.yaml`), "utf8").catch(() =>
      readFile(installation.stackConfigFile(stack), "utf8"),
    );
    const salt = /^encryptionsalt: (\S+)$/m.exec(written)?.[1];
    if (salt === undefined) throw new CliError("the engine made a stack without a salt", { fix: `Look into ${scratch}.` });
    return salt;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** The salt as the state keeps it, for a config that was written anew; null where another secrets provider holds the secrets. */
function recordedSalt(state: string): string | null {
  const { deployment } = JSON.parse(state) as { deployment?: { secrets_providers?: { state?: { salt?: unknown } } } };
  const salt = deployment?.secrets_providers?.state?.salt;
  return typeof salt === "string" ? salt : null;
}

function lostSalt(file: string): CliError {
  return new CliError("The stack's state exists, but its config has lost the salt that opens its secrets", {
    code: "lost-salt",
    problems: [
      {
        path: `${file}: encryptionsalt`,
        got: undefined,
        rule: "the salt the stack was made with",
        fix: `Restore ${file} from a backup.`,
      },
    ],
  });
}

async function guarded<T>(child: Promise<T>): Promise<T> {
  try {
    return await child;
  } catch (error) {
    if (!(error instanceof ExecaError)) throw error;
    if (error.code === "ENOENT")
      throw new CliError("The engine is not on this machine", { code: "no-toolchain", fix: "./fidus toolchain", cause: error });
    throw new CliError(
      `pulumi ${error.command.split(" ")[1] ?? ""} failed\n${indent(String(error.stderr).trim() || error.shortMessage)}`,
      {
        code: "engine-failed",
        cause: error,
      },
    );
  }
}

/** null when the stack is not there; any other failure goes on. */
export function noSuchStack(error: unknown): null {
  if (error instanceof CliError && /no stack named/.test(error.message)) return null;
  throw error;
}

interface RecordedResource extends Omit<StateResource, "name"> {
  readonly outputs?: { readonly name?: unknown };
}

function stateResources(state: unknown): StateResource[] {
  const { deployment } = state as { deployment?: { resources?: Partial<RecordedResource>[] } };
  return (deployment?.resources ?? []).map(({ urn = "", type = "", id = "", protect = false, parent = "", outputs }) => ({
    urn,
    type,
    id,
    protect,
    parent,
    name: typeof outputs?.name === "string" ? outputs.name : null,
  }));
}
