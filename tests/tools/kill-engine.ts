import { readdirSync, readFileSync } from "node:fs";

/** The process of the Pulumi engine whose `up` works for `folder` (a folder that its environment names). */
export function findEngine(folder: string): number | undefined {
  const found = readdirSync("/proc").find((name) => {
    try {
      const command = readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ");
      return /^pulumi up /.test(command) && readFileSync(`/proc/${name}/environ`, "utf8").includes(folder);
    } catch {
      return false; // No process, or one that has ended.
    }
  });
  return found === undefined ? undefined : Number(found);
}

/** Ends that engine with SIGKILL. Throws when there is none: a test that killed nothing would show nothing. */
export function killEngine(folder: string): void {
  const found = findEngine(folder);
  if (found === undefined) throw new Error(`no \`pulumi up\` works for ${folder}`);
  process.kill(found, "SIGKILL");
}

/** What an engine, its program and its plugins have worked so far. */
export interface Work {
  /** Processor time, ms. */
  readonly spent: number;
  /** One of them works in this moment, or wants to. */
  readonly busy: boolean;
}

/** The work of a process and of all that descends from it. */
export function workOf(engine: number): Work {
  const processes = readdirSync("/proc").flatMap((name) => {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" "); // proc_pid_stat(5), from its third field on
      const [state = "", parent, user, system] = [fields[0], Number(fields[1]), Number(fields[11]), Number(fields[12])];
      return [{ id: Number(name), parent, state, ticks: user + system }];
    } catch {
      return []; // No process, or one that has ended.
    }
  });
  const inside = new Set([engine]);
  // What is added to a set while it is walked is walked too.
  for (const id of inside) for (const child of processes) if (child.parent === id) inside.add(child.id);
  const working = processes.filter(({ id }) => inside.has(id));
  const ticks = working.reduce((sum, each) => sum + each.ticks, 0);
  return { spent: ticks * 10, busy: working.some(({ state }) => /[RD]/.test(state)) };
}
