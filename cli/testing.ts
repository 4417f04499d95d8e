import { spawn, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import { CommanderError } from "commander";
import { commands } from "./commands/index.ts";
import type { CliContext } from "./context.ts";
import { describeError, renderError, type ExitCode } from "./errors.ts";
import { ensureInstallation, findInstallation } from "./installation.ts";
import { resolvePaths } from "./paths.ts";
import { createProgram, parserProblem } from "./program.ts";
import { createProgress } from "./progress.ts";
import { plainJson } from "../infra/core/json.ts";

/** How a program ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program that runs, and how it will have ended. */
export interface Running {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
}

/** For tests: the real CLI in a process of its own, with data and caches in the folder `home` unless `env` says otherwise. */
export function startCli(home: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
  const folders = { HOME: home, XDG_DATA_HOME: join(home, "data"), XDG_CACHE_HOME: join(home, "cache") };
  return launch(process.execPath, [join(import.meta.dirname, "main.ts"), ...args], { ...folders, ...env });
}

/**
 * For tests: a command in this process, far cheaper than one of its own, with data and caches in the folder `home`.
 * The toolchain's folder is empty, so whatever needs the engine fails.
 */
export async function runCli(home: string, args: readonly string[]): Promise<Ended> {
  const env = { HOME: home, XDG_DATA_HOME: join(home, "data"), XDG_CACHE_HOME: join(home, "cache"), PATH: "" };
  const paths = resolvePaths(env);
  const said = { stdout: "", stderr: "" };
  const outcome: { code: ExitCode } = { code: 0 };
  const json = args.includes("--json");
  const notice = (text: string): void => void (said.stderr += `${text}\n`);
  const stream = { write: (text: string) => void (said.stderr += text) };
  const context: CliContext = {
    version: "0.0.0",
    paths,
    env,
    signal: new AbortController().signal,
    json,
    verbose: false,
    yes: args.includes("--yes"),
    progress: createProgress({ stream, tty: false }),
    installation: () => ensureInstallation({ paths, env, notice }),
    existingInstallation: () => findInstallation({ paths, env, notice }),
    print: (text) => void (json || (said.stdout += `${text}\n`)),
    printJson: (value) => void (json && (said.stdout += `${plainJson(value)}\n`)),
    notice,
    confirm: () => Promise.resolve(true),
    setExitCode: (code) => void (outcome.code = code),
  };
  const program = createProgram({ version: "0.0.0", commands, write: (text) => (said.stdout += text) }, () => context);
  try {
    await program.parseAsync(args, { from: "user" });
  } catch (thrown) {
    const { report, exitCode } = describeError(thrown instanceof CommanderError ? parserProblem(thrown, args) : thrown);
    if (json) said.stdout += `${JSON.stringify({ error: report })}\n`;
    return { code: exitCode, stdout: said.stdout, stderr: `${said.stderr}${renderError(report)}\n` };
  }
  return { code: outcome.code, ...said };
}

/** A program with nothing in its environment but PATH and what is given. */
export function launch(command: string, args: readonly string[], env: Readonly<Record<string, string>>): Running {
  const child = spawn(command, args, { env: { PATH: process.env["PATH"], ...env }, stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const ended = new Promise<Ended>((resolve, reject) =>
    child.once("error", reject).once("close", (code) => resolve({ code, stdout, stderr })),
  );
  return { process: child, ended };
}
