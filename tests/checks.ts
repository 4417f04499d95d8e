import { join } from "node:path";
import { execa } from "execa";
import type { TestResult } from "./results.ts";

interface Check {
  readonly name: string;
  /** JavaScript program under node_modules, and its arguments. */
  readonly program: readonly [string, ...string[]];
}

/** What the lint tier runs: each program is one test. */
const checks = [
  { name: "the types hold (tsc) [R-01]", program: ["typescript/bin/tsc", "--noEmit"] },
  { name: "the language and import rules hold (eslint) [R-01]", program: ["eslint/bin/eslint.js", "."] },
  {
    name: "every file is formatted (prettier) [R-01]",
    program: ["prettier/bin/prettier.cjs", "--check", "--log-level=warn", "."],
  },
] as const satisfies readonly Check[];

/** Runs the checks one after the other, each with its output. */
export async function runChecks(root: string, signal: AbortSignal): Promise<TestResult[]> {
  const results: TestResult[] = [];
  for (const { name, program } of checks) {
    const [script, ...args] = program;
    const path = join(root, "node_modules", script);
    const options = { cwd: root, reject: false, stdio: ["ignore", "inherit", "inherit"], cancelSignal: signal } as const;
    const { failed } = await execa(process.execPath, [path, ...args], options);
    signal.throwIfAborted();
    process.stdout.write(` ${failed ? "×" : "✓"} ${name}\n`);
    results.push({ file: "tests/checks.ts", name, status: failed ? "failed" : "passed" });
  }
  return results;
}
