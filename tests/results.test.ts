import { describe, expect, test } from "vitest";
import { count, readReport, renderTable, renderTotals, type TierResult } from "./results.ts";

const passing = { file: "a.test.ts", name: "adds", status: "passed" } as const;
const failing = { file: "a.test.ts", name: "subtracts", status: "failed" } as const;
const skipping = { file: "a.test.ts", name: "divides", status: "skipped" } as const;

function ran(...tests: TierResult["tests"]): TierResult {
  return { tier: "unit", ran: true, tests, reasons: [], seconds: 1.25 };
}

const notRun: TierResult = { tier: "docker", ran: false, tests: [], reasons: ["docker: no engine"], seconds: 0 };

describe("the totals", () => {
  test("count every test once", () => {
    expect(count([ran(passing, failing, skipping), ran(passing)], false)).toEqual({ passed: 2, failed: 1, skipped: 1 });
  });

  test("count a tier that cannot run as skipped, and in CI as failed", () => {
    expect(count([ran(passing), notRun], false)).toEqual({ passed: 1, failed: 0, skipped: 1 });
    expect(count([ran(passing), notRun], true)).toEqual({ passed: 1, failed: 1, skipped: 0 });
  });

  test("count a tier that executed nothing as failed, also when it skipped tests", () => {
    expect(count([ran()], false)).toEqual({ passed: 0, failed: 1, skipped: 0 });
    expect(count([ran(skipping)], false)).toEqual({ passed: 0, failed: 1, skipped: 1 });
  });

  test("are one line of exactly this form", () => {
    expect(renderTotals({ passed: 12, failed: 0, skipped: 3 })).toBe("12 passed, 0 failed, 3 skipped");
  });
});

test("the table names for each tier what ran, what came of it, and why not", () => {
  expect(renderTable([ran(passing, skipping), notRun], false)).toBe(
    [
      "tier    ran  passed  failed  skipped because          seconds",
      "unit    yes  1       0       1 skipped by themselves  1.3",
      "docker  no   0       0       docker: no engine        0.0",
    ].join("\n"),
  );
});

describe("vitest's report", () => {
  const report = (file: object): string => JSON.stringify({ testResults: [{ name: "/r/a.test.ts", status: "passed", ...file }] });

  test("gives each test with its file as the checkout names it", () => {
    const json = report({
      assertionResults: [
        { fullName: " sums adds [C-01]", status: "passed" },
        { fullName: "sums later", status: "todo" },
      ],
    });
    expect(readReport(json, "/r")).toEqual([
      { file: "a.test.ts", name: "sums adds [C-01]", status: "passed" },
      { file: "a.test.ts", name: "sums later", status: "skipped" },
    ]);
  });

  test("turns a file without tests into a failure", () => {
    expect(readReport(report({ assertionResults: [] }), "/r")).toEqual([
      { file: "a.test.ts", name: "the file has no tests", status: "failed" },
    ]);
  });

  test("turns a file that breaks outside its tests into a failure, beside its tests", () => {
    const json = report({ status: "failed", message: "boom\nat x", assertionResults: [{ fullName: "adds", status: "passed" }] });
    expect(readReport(json, "/r").map(({ name, status }) => `${status} ${name}`)).toEqual([
      "passed adds",
      "failed the file fails outside its tests: boom",
    ]);
  });
});
