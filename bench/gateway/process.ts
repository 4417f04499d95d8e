import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";

const ticksPerSecond = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));

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

/** All threads, those that ended too: the scheduler's own sum, in ticks. Fields 14 and 15, after a name that may hold blanks. */
function cpuMicros(pid: number | undefined): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return ((Number(fields[11]) + Number(fields[12])) / ticksPerSecond) * 1e6;
}
