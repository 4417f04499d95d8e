import { spawn, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import { appProgram, until } from "./api.ts";

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A role or command of the app as a process, with this environment only. */
export interface AppProcess {
  readonly child: ChildProcess;
  /** Port the role listens on; waits for it. */
  readonly port: () => Promise<number>;
  /** Port of its metrics; waits for it. */
  readonly metricsPort: () => Promise<number>;
  readonly finished: Promise<Finished>;
}

export function startApp(args: readonly string[], env: Readonly<Record<string, string>>, program = appProgram): AppProcess {
  const child = spawn(process.execPath, [program, ...args], {
    env: { PATH: "/usr/bin:/bin", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const finished = new Promise<Finished>((resolve) => child.once("close", (code) => resolve({ code, stdout, stderr })));
  const listening = async (): Promise<{ port: number; metricsPort: number }> => {
    const line = await until(() => {
      if (child.exitCode !== null) throw new Error(`${join(...args)} ended: ${stderr}`);
      return stdout.split("\n").find((text) => text.includes('"listening"'));
    }, 20_000);
    return JSON.parse(line) as { port: number; metricsPort: number };
  };
  return {
    child,
    finished,
    port: async () => (await listening()).port,
    metricsPort: async () => (await listening()).metricsPort,
  };
}

/** Runs a command to its end. */
export function runApp(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Finished> {
  return startApp(args, env).finished;
}
