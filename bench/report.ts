import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg, totalmem } from "node:os";
import { join } from "node:path";
import { elapsed } from "../cli/progress.ts";
import manifest from "../package.json" with { type: "json" };

const root = join(import.meta.dirname, "..");
const page = join(root, "docs/measurements.md");
const [loadAtStart] = loadavg();
const head = `# Measurements

Written by the scripts in \`bench/\` (such as \`node bench/product.ts\`); a section is replaced when its script runs again.
`;

/** One figure: its name, the values seen, and their unit. */
export interface Figure {
  readonly name: string;
  readonly values: readonly number[];
  readonly unit: "s" | "ms" | "µs" | "MB" | "ratio" | "count";
  /** What it should be, in words. */
  readonly goal?: string;
}

/** Replaces the section of `title` in docs/measurements.md: commit, versions, date, machine, command, figures with spread. */
export function writeSection(title: string, command: string, figures: readonly Figure[], remarks: readonly string[] = []): void {
  const text = existsSync(page) ? readFileSync(page, "utf8") : head;
  const section = [
    `## ${title}`,
    "",
    ...conditions(command),
    "",
    ...table(figures),
    "",
    ...remarks.flatMap((remark) => [remark, ""]),
  ].join("\n");
  const sections = text.split(/^(?=## )/m);
  const others = sections.slice(1).filter((existing) => !existing.startsWith(`## ${title}\n`));
  const all = [...others, section].map((existing) => existing.trimEnd()).sort();
  writeFileSync(page, `${[head.trimEnd(), ...all].join("\n\n")}\n`);
  console.log(section);
}

function conditions(command: string): string[] {
  const git = (...args: string[]): string => execFileSync("git", args, { cwd: root, encoding: "utf8" }).trim();
  const changed = git("status", "--porcelain", "--", ".", ":!docs/measurements.md") === "" ? "" : " with local changes";
  const docker = execFileSync("docker", ["version", "--format", "{{.Server.Version}}"], { encoding: "utf8" }).trim();
  const load = `load ${loadAtStart?.toFixed(1)} at the start, ${loadavg()[0]?.toFixed(1)} at the end`;
  return [
    `- ${new Date().toISOString().slice(0, 10)}, commit ${git("rev-parse", "--short", "HEAD")}${changed}, Fidus ${manifest.version}, Node ${process.versions.node}, Docker ${docker}`,
    `- ${cpus().length} cores, ${Math.round(totalmem() / 1e9)} GB, ${load}`,
    `- \`${command}\``,
  ];
}

function table(figures: readonly Figure[]): string[] {
  const rows = figures.map(({ name, values, unit, goal = "" }) => {
    const sorted = values.toSorted((a, b) => a - b);
    const [least = Number.NaN, most = Number.NaN] = [sorted[0], sorted.at(-1)];
    const median = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
    const spread = sorted.length > 1 ? `${show(least, unit)} to ${show(most, unit)} (${sorted.length} runs)` : "one run";
    return `| ${name} | ${show(median, unit)} | ${spread} | ${goal} |`;
  });
  return ["| figure | median | spread | goal |", "| --- | --- | --- | --- |", ...rows];
}

function show(value: number, unit: Figure["unit"]): string {
  if (unit === "s") return elapsed(value * 1000);
  if (unit === "ms") return `${value.toFixed(2)} ms`;
  if (unit === "µs") return `${value.toFixed(0)} µs`;
  if (unit === "count") return value.toFixed(0);
  return unit === "MB" ? `${value.toFixed(value < 10 ? 1 : 0)} MB` : value.toFixed(2);
}

/** Seconds that `work` took, with its result. */
export async function timed<T>(work: () => Promise<T>): Promise<{ readonly seconds: number; readonly result: T }> {
  const start = performance.now();
  const result = await work();
  return { seconds: (performance.now() - start) / 1000, result };
}
