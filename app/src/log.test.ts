import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";

/** Runs a program that logs, and returns what it wrote. */
function linesOf(program: string): { line: number }[] {
  const source = `import { createLogger } from "${import.meta.dirname}/log.ts"; const log = createLogger("info", "test", "1");
    const some = (from, count) => { for (let line = from; line < from + count; line++) log.info({ line }, "x".repeat(50)); };`;
  const { stdout } = spawnSync(process.execPath, ["--input-type=module", "--eval", `${source} ${program}`], { encoding: "utf8" });
  return stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { line: number });
}

test.each([
  ["comes to its end", "some(0, 1000);", 1_000],
  ["goes on for a while", "some(0, 500); setTimeout(() => some(500, 500), 300);", 1_000],
  ["is ended by process.exit", "some(0, 1000); process.exit(3);", 1_000],
  ["dies of an error", "some(0, 1000); throw new Error('fault');", 1_000],
])("every line is written once and in order when the process %s", (_how, program, count) => {
  expect(linesOf(program).map(({ line }) => line)).toEqual(Array.from({ length: count }, (_, line) => line));
});

test("a line is written within moments, and does not wait for others", () => {
  const program = `log.info({ line: 1 }); setTimeout(() => process.kill(process.pid, "SIGKILL"), 2_000);`;
  expect(linesOf(program).map(({ line }) => line)).toEqual([1]);
});
