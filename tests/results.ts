import { alignColumns } from "../infra/core/table.ts";
import { z } from "zod";
import type { TierName } from "./tiers.ts";

/** One test as the runner counts it. */
export interface TestResult {
  readonly file: string;
  /** Suites and test, joined by spaces; tags like [C-07] stand in it. */
  readonly name: string;
  readonly status: "passed" | "failed" | "skipped";
  /** What the test measured by the way; for docs/measurements.md. */
  readonly figure?: TestFigure;
}

const figureSchema = z.object({ name: z.string(), seconds: z.number(), goal: z.string() });
export type TestFigure = z.infer<typeof figureSchema>;

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

const reportSchema = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string().default(""),
      assertionResults: z.array(
        z.object({ fullName: z.string(), status: z.string(), meta: z.object({ figure: figureSchema.optional() }).default({}) }),
      ),
    }),
  ),
});

/** vitest's JSON report as test results. A file that broke or holds no test that ran is one failed test named after the file. */
export function readReport(json: string, root: string): TestResult[] {
  const { testResults } = reportSchema.parse(JSON.parse(json));
  return testResults.flatMap(({ name, status, message, assertionResults }) => {
    const file = name.startsWith(`${root}/`) ? name.slice(root.length + 1) : name;
    const tests = assertionResults.map(({ fullName, status, meta: { figure } }) => ({
      file,
      name: fullName.trim(),
      status: statusOf(status),
      ...(figure === undefined ? {} : { figure }),
    }));
    const broken = status === "failed" && tests.every((test) => test.status !== "failed");
    if (broken)
      return [
        ...tests,
        { file, name: `the file fails outside its tests: ${message.split("\n", 1)[0]}`, status: "failed" as const },
      ];
    if (tests.length === 0) return [{ file, name: "the file has no tests", status: "failed" as const }];
    return tests;
  });
}

function statusOf(status: string): TestResult["status"] {
  if (status === "passed" || status === "failed") return status;
  return "skipped";
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

/** The last line of every run; programs read it. */
export function renderTotals({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}
