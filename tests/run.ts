import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { provide, type Machine } from "./needs.ts";
import { count, renderFailures, renderTable, renderTotals, type TestResult, type TierResult } from "./results.ts";
import { tiers, type TierName } from "./tiers.ts";

export interface RunTestsOptions {
  /** The checkout. */
  readonly root: string;
  readonly tiers: readonly TierName[];
  /** Handed to vitest as they are: file filters, `-t name`. */
  readonly vitestArgs: readonly string[];
  /** A tier that cannot run is a failure. */
  readonly strict: boolean;
  readonly machine: Machine;
  readonly print: (text: string) => void;
  /** Hides the output of the programs that run the tests. @default false */
  readonly quiet?: boolean;
}

/** What a run leaves behind for docs/requirements.md. */
export interface RunRecord {
  readonly commit: string;
  /** ISO time of the start. */
  readonly startedAt: string;
  readonly strict: boolean;
  readonly tiers: readonly TierResult[];
}

/** Where the last run's results lie, under the checkout: ignored by git. */
export const resultsFolder = ".fidus/test";

/** Runs the tiers in order, prints the table and the totals (last line), keeps the results. True: nothing failed. */
export async function runTests(options: RunTestsOptions): Promise<boolean> {
  const { root, strict, print } = options;
  const folder = join(root, resultsFolder);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const startedAt = new Date().toISOString();
  const results: TierResult[] = [];
  for (const name of options.tiers) {
    print(`\n── ${name}: ${tiers[name].about}`);
    results.push(await runTier(name, folder, options));
  }
  const record: RunRecord = { commit: await currentCommit(root), startedAt, strict, tiers: results };
  await writeFile(join(folder, "run.json"), `${JSON.stringify(record, null, 1)}\n`);
  const totals = count(results, strict);
  print(`\n${renderFailures(results)}\n${renderTable(results, strict)}\n\n${renderTotals(totals)}`);
  return totals.failed === 0;
}

async function runTier(
  tier: TierName,
  folder: string,
  { root, vitestArgs, machine, quiet = false }: RunTestsOptions,
): Promise<TierResult> {
  const started = performance.now();
  const seconds = (): number => (performance.now() - started) / 1000;
  const reasons = await provide(tiers[tier].needs, machine);
  if (reasons.length > 0) {
    for (const reason of reasons) machine.log(`${tier} cannot run: ${reason}`);
    return { tier, ran: false, tests: [], reasons, seconds: seconds() };
  }
  const tests = await runVitest(tier, { root, folder, vitestArgs, machine, output: quiet ? "ignore" : "inherit" });
  return { tier, ran: true, tests, reasons: [], seconds: seconds() };
}

interface VitestRun extends Pick<RunTestsOptions, "root" | "vitestArgs" | "machine"> {
  /** Where the report is written. */
  readonly folder: string;
  readonly output: "inherit" | "ignore";
}

async function runVitest(tier: TierName, { root, folder, vitestArgs, machine, output }: VitestRun): Promise<TestResult[]> {
  const { env, signal } = machine;
  const report = join(folder, `${tier}.json`);
  const program = join(root, "node_modules", "vitest", "vitest.mjs");
  const reporters = ["--reporter=default", `--reporter=${join(import.meta.dirname, "reporter.ts")}`, `--outputFile=${report}`];
  const { exitCode, failed } = await execa(process.execPath, [program, "run", "--project", tier, ...reporters, ...vitestArgs], {
    cwd: root,
    env,
    reject: false,
    stdio: ["ignore", output, output],
    cancelSignal: signal,
  });
  signal.throwIfAborted();
  if (!existsSync(report)) return failed && exitCode !== 1 ? [crash(tier, exitCode)] : [];
  const tests = JSON.parse(await readFile(report, "utf8")) as TestResult[];
  return failed && tests.every(({ status }) => status !== "failed") ? [...tests, crash(tier, exitCode)] : tests;
}

function crash(tier: TierName, exitCode: number | undefined): TestResult {
  return { file: tier, name: `vitest ended with ${exitCode ?? "a signal"}, apart from its tests`, status: "failed" };
}

async function currentCommit(root: string): Promise<string> {
  const { stdout, failed } = await execa("git", ["-C", root, "rev-parse", "HEAD"], { reject: false });
  if (failed) return "none";
  const { stdout: changes } = await execa("git", ["-C", root, "status", "--porcelain"], { reject: false });
  return changes === "" ? stdout.trim() : `${stdout.trim()} with uncommitted changes`;
}
