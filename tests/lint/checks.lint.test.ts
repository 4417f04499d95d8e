import { join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
const timeout = 300_000;

test.each([
  ["the types hold (tsc) [R-01]", "typescript/bin/tsc", ["--noEmit"]],
  ["the language and import rules hold (eslint) [R-01]", "eslint/bin/eslint.js", ["."]],
  [
    "every file is formatted (prettier; npm run format) [R-01]",
    "prettier/bin/prettier.cjs",
    ["--check", "--log-level=warn", "."],
  ],
] as const)("%s", { timeout }, async (_name, program, args) => {
  const { failed, all } = await execa(process.execPath, [join(root, "node_modules", program), ...args], {
    cwd: root,
    reject: false,
    all: true,
  });
  // The program's own words are the message.
  if (failed) expect.fail(`\n${all}`);
});
