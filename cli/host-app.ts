import { join } from "node:path";
import { execa } from "execa";
import type { CliContext } from "./context.ts";
import { noSuchStack } from "./engine.ts";
import { CliError, wrongInput } from "./errors.ts";
import type { Session } from "./session.ts";

/** The application on this host, run from the checkout's sources on the stores of a stack. */
export interface HostApp {
  /** Its environment, secrets included. */
  readonly env: Readonly<Record<string, string>>;
  /** Runs one of its commands to the end; its standard output. */
  call(...args: string[]): Promise<string>;
  /** Starts one of its roles with more environment, anew on every change of a source file, until it is killed. */
  watch(role: string, more: Readonly<Record<string, string>>): Part;
}

/** A process that goes on: resolves or rejects when it ends. */
export interface Part extends PromiseLike<unknown> {
  kill(): boolean;
}

/** An answer that is open when a part stops is cut after a second; what hangs longer than this is killed. */
const killAfterMs = 10_000;

/** Throws exit 2 unless the stack is up with its stores alone. */
export async function hostApp(ctx: CliContext, { engine, stack }: Session): Promise<HostApp> {
  const text = await engine.call(["stack", "output", "--json", "--show-secrets", "--stack", stack]).catch(noSuchStack);
  const { appEnvironment } = JSON.parse(text ?? "{}") as { appEnvironment?: Record<string, string> };
  if (appEnvironment === undefined) throw notAlone(stack);
  // In the stack it is a volume, which this host does not see.
  const env = { ...appEnvironment, UPLOADS_FOLDER: join(ctx.paths.checkout, ".fidus/uploads") };
  const main = join(ctx.paths.checkout, "app/src/main.ts");
  const shell = { ...withoutOurs(ctx.env), ...env, ...otherModel(ctx.env) };
  const common = { extendEnv: false, cancelSignal: ctx.signal } as const;
  return {
    env,
    async call(...args) {
      const options = { ...common, env: shell, stdin: "ignore", reject: false, all: true } as const;
      const ended = await execa(process.execPath, [main, ...args], options);
      ctx.signal.throwIfAborted();
      if (!ended.failed) return ended.stdout;
      const said = ended.all.trim().split("\n").slice(-15).join("\n");
      throw new CliError(`the application's ${args[0]} failed\n${said}`, { code: "app-failed", fix: `./fidus up ${stack}` });
    },
    watch(role, more) {
      return execa(process.execPath, ["--watch", "--watch-preserve-output", main, role], {
        ...common,
        env: { ...shell, ...more, SHUTDOWN_GRACE_SECONDS: "1" },
        stdio: ["ignore", "inherit", "inherit"],
        forceKillAfterDelay: killAfterMs,
      });
    },
  };
}

/** The shell's variables but for those of Fidus itself: the application refuses such names when it does not know them. */
function withoutOurs(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith("FIDUS_")));
}

/** The one setting that the shell may change: where the model answers, from a cloud to this host and back. Its stores never do. */
function otherModel({ OPENAI_API_BASE_URL }: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return OPENAI_API_BASE_URL === undefined ? {} : { OPENAI_API_BASE_URL };
}

function notAlone(stack: string): CliError {
  return wrongInput("the application runs in the stack, not on this host", [
    {
      path: "services",
      got: `no stack ${stack} of dependencies alone`,
      rule: "dependencies, and to be up",
      fix: `./fidus up ${stack} --services dependencies`,
    },
  ]);
}
