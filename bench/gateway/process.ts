import { spawn, type ChildProcess } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** A process under measurement. */
export interface Measured {
  readonly child: ChildProcess;
  /** CPU time of the process, user and system, in µs since its start. */
  readonly cpuMicros: () => number;
  /** Resident memory in bytes. */
  readonly rss: () => number;
  /** First line of its output that `pattern` finds. @throws when it ends before, or after 60 s */
  readonly line: (pattern: RegExp) => Promise<RegExpExecArray>;
  readonly stop: () => Promise<void>;
}

/** Starts a process whose output is read, as a log collector would. */
export function measured(command: string, args: readonly string[], env: Readonly<Record<string, string>>): Measured {
  const child = spawn(command, args, { env: { PATH: "/usr/bin:/bin", ...env }, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const keep = (text: string): void => {
    if (output.length < 100_000) output += text;
  };
  child.stdout.setEncoding("utf8").on("data", keep);
  child.stderr.setEncoding("utf8").on("data", keep);
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  return {
    child,
    cpuMicros: () => cpuMicros(child.pid),
    rss: () => Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1] ?? 0) * 1024,
    line: async (pattern) => {
      for (const deadline = Date.now() + 60_000; Date.now() < deadline;) {
        const found = pattern.exec(output);
        if (found !== null) return found;
        if (child.exitCode !== null) break;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      throw new Error(`${command} ${args.join(" ")}: no ${pattern}\n${output}`);
    },
    stop: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** All threads that live. The scheduler's own count: exact, where user and system time are sampled. */
function cpuMicros(pid: number | undefined): number {
  const tasks = readdirSync(`/proc/${pid}/task`);
  const nanos = tasks.map((task) => Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, "utf8").split(" ")[0]));
  return nanos.reduce((sum, value) => sum + value, 0) / 1000;
}
