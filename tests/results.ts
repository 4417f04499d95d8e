import { stripVTControlCharacters } from "node:util";
import { alignColumns } from "../infra/core/table.ts";
import type { TierName } from "./tiers.ts";

/** One test as the runner counts it. */
export interface TestResult {
  readonly file: string;
  /** Suites and test, joined by spaces; tags like [C-07] stand in it. */
  readonly name: string;
  readonly status: "passed" | "failed" | "skipped";
  /** Why it failed. */
  readonly message?: string;
  /** What the test measured by the way; for docs/measurements.md. */
  readonly figure?: TestFigure;
}

/** A time that a test took, beside the goal for it. */
export interface TestFigure {
  readonly name: string;
  readonly seconds: number;
  readonly goal: string;
}

declare module "vitest" {
  interface TaskMeta {
    figure?: TestFigure;
  }
}

/** What became of a tier. */
export interface TierResult {
  readonly tier: TierName;
  /** False: it could not run, and `reasons` says why. */
  readonly ran: boolean;
  readonly tests: readonly TestResult[];
  readonly reasons: readonly string[];
  readonly seconds: number;
}

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** An error of a file or of a suite, outside its tests: it does not load, or a hook failed. */
export interface OutsideError {
  /** The suite; empty for the file. */
  readonly name: string;
  readonly message: string;
}

/** The results of one file. What breaks outside its tests, and a file without tests, are failed tests too. */
export function moduleResults(file: string, tests: readonly TestResult[], errors: readonly OutsideError[]): TestResult[] {
  const broken = errors.map(({ name, message }): TestResult => {
    return { file, name: `${name} fails outside its tests`.trim(), status: "failed", message };
  });
  const results = [...tests, ...broken];
  return results.length === 0 ? [{ file, name: "the file has no tests", status: "failed" }] : results;
}

/**
 * Totals of a run. A tier that could not run is one skipped, or, where everything must run (CI), one failed; a tier that ran
 * nothing is one failed: silence is no proof.
 */
export function count(results: readonly TierResult[], strict: boolean): Counts {
  const totals = { passed: 0, failed: 0, skipped: 0 };
  for (const result of results) {
    const counts = countTier(result, strict);
    totals.passed += counts.passed;
    totals.failed += counts.failed;
    totals.skipped += counts.skipped;
  }
  return totals;
}

/** The same for one tier. */
export function countTier({ ran, tests }: TierResult, strict: boolean): Counts {
  if (!ran) return { passed: 0, failed: strict ? 1 : 0, skipped: strict ? 0 : 1 };
  const of = (status: TestResult["status"]): number => tests.filter((test) => test.status === status).length;
  const passed = of("passed");
  const failed = of("failed");
  return { passed, failed: passed + failed === 0 ? 1 : failed, skipped: of("skipped") };
}

/** The table at the end of a run. */
export function renderTable(results: readonly TierResult[], strict: boolean): string {
  const rows = results.map((result) => {
    const { passed, failed } = countTier(result, strict);
    return [result.tier, result.ran ? "yes" : "no", `${passed}`, `${failed}`, skippedBecause(result), result.seconds.toFixed(1)];
  });
  return alignColumns([["tier", "ran", "passed", "failed", "skipped because", "seconds"], ...rows]);
}

function skippedBecause({ ran, tests, reasons }: TierResult): string {
  if (reasons.length > 0) return reasons.join("; ");
  const skipped = tests.filter((test) => test.status === "skipped").length;
  if (!ran) return "not known";
  if (tests.length === 0) return "it has no tests";
  return skipped === 0 ? "-" : `${skipped} skipped by themselves`;
}

/** Failed tests with the beginning of what they said, so that nobody scrolls through the output of the tiers. */
export function renderFailures(results: readonly TierResult[]): string {
  const failed = results.flatMap(({ tests }) => tests.filter(({ status }) => status === "failed"));
  return failed.map(({ file, name, message }) => `failed: ${file}: ${name}\n${excerpt(message)}`).join("");
}

const shownLines = 20;

function excerpt(message = ""): string {
  const lines = stripVTControlCharacters(message).split("\n");
  const shown = lines.length <= shownLines ? lines : [...lines.slice(0, shownLines / 2), "…", ...lines.slice(-shownLines / 2)];
  return message === "" ? "" : `${shown.map((line) => `    ${line}`).join("\n")}\n`;
}

/** The last line of every run; programs read it. */
export function renderTotals({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}
