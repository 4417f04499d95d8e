import { describe, expect, test } from "vitest";
import { count, moduleResults, renderFailures, renderTable, renderTotals, type TierResult } from "./results.ts";

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

describe("the results of a file", () => {
  test("are those of its tests", () => {
    expect(moduleResults("a.test.ts", [passing, skipping], [])).toEqual([passing, skipping]);
  });

  test("are a failure where it has no tests", () => {
    expect(moduleResults("a.test.ts", [], [])).toEqual([{ file: "a.test.ts", name: "the file has no tests", status: "failed" }]);
  });

  test("name what broke outside its tests, beside tests that failed by themselves", () => {
    const errors = [
      { name: "", message: "no such module" },
      { name: "sums", message: "no engine" },
    ];
    expect(moduleResults("a.test.ts", [failing], errors)).toEqual([
      failing,
      { file: "a.test.ts", name: "fails outside its tests", status: "failed", message: "no such module" },
      { file: "a.test.ts", name: "sums fails outside its tests", status: "failed", message: "no engine" },
    ]);
  });
});

describe("the failures of a run", () => {
  test("are named with what they said, without its colours", () => {
    const said = { ...failing, message: "\u001b[31mexpected 1\u001b[39m\nat a.test.ts:3" };
    expect(renderFailures([ran(passing, said)])).toBe("failed: a.test.ts: subtracts\n    expected 1\n    at a.test.ts:3\n");
  });

  test("show the beginning and the end of a long message", () => {
    const lines = Array.from({ length: 300 }, (_, index) => `line ${index}`);
    const shown = renderFailures([ran({ ...failing, message: lines.join("\n") })])
      .trimEnd()
      .split("\n");
    expect(shown).toHaveLength(22);
    expect([shown[1], shown[11], shown.at(-1)]).toEqual(["    line 0", "    …", "    line 299"]);
  });

  test("are nothing where nothing failed", () => {
    expect(renderFailures([ran(passing), notRun])).toBe("");
  });
});
