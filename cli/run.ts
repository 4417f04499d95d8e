import { execa } from "execa";

export interface RunOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  readonly input?: string;
  /** Milliseconds until the program is ended. @default none */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Told every line of stdout and stderr as it comes. */
  readonly onLine?: (line: string) => void;
}

export interface RunResult {
  /** Exit code; 127 when the program is not there, 124 when its time ran out, 1 when a signal ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. A failure is a result, not an exception; only `signal` throws. */
export type Run = (command: string, args: readonly string[], options?: RunOptions) => Promise<RunResult>;

/** The real thing: no shell, variables added to the process environment. */
export const run: Run = async (command, args, { env, cwd, input, timeoutMs, signal, onLine } = {}) => {
  const child = execa(command, args, {
    reject: false,
    ...(env === undefined ? {} : { env }),
    ...(cwd === undefined ? {} : { cwd }),
    ...(input === undefined ? { stdin: "ignore" as const } : { input }),
    ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }),
    ...(signal === undefined ? {} : { cancelSignal: signal }),
  });
  if (onLine !== undefined) {
    for (const stream of ["stdout", "stderr"] as const) void eachLine(child.iterable({ from: stream }), onLine);
  }
  const result = await child;
  signal?.throwIfAborted();
  return {
    code: exitCode(result),
    stdout: result.stdout,
    stderr: result.stderr === "" && result.failed ? (result.originalMessage ?? "") : result.stderr,
  };
};

function exitCode(result: { exitCode?: number | undefined; timedOut: boolean; code?: string | undefined }): number {
  if (result.timedOut) return 124;
  if (result.code === "ENOENT") return 127;
  return result.exitCode ?? 1;
}

/** A program that dies breaks its pipe: its end is reported by the result, not here. */
async function eachLine(lines: AsyncIterable<string>, onLine: (line: string) => void): Promise<void> {
  try {
    for await (const line of lines) onLine(line);
  } catch {
    return;
  }
}
