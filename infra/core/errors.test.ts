import { expect, test } from "vitest";
import { formatProblem, InvalidInputError, problemUnless, throwIfAny } from "./errors.ts";

const problem = { path: "ports.page", got: 80, rule: "1024 to 65535", fix: "./fidus choose --port 3000" };

test("a problem reads as path, value, rule and fix on one line", () => {
  expect(formatProblem(problem)).toBe("ports.page: got 80; needs 1024 to 65535. ./fidus choose --port 3000");
  expect(formatProblem({ ...problem, got: "x" })).toContain('got "x"');
  expect(formatProblem({ ...problem, got: undefined })).toContain("got nothing");
});

test("two faults give two lines in one error, and none gives no error", () => {
  expect(() => throwIfAny("ok", problemUnless(true, problem))).not.toThrow();
  const thrown = capture(() => throwIfAny("community", [problem, { ...problem, path: "model" }]));
  expect(thrown).toBeInstanceOf(InvalidInputError);
  expect(thrown.message.split("\n")).toHaveLength(3);
  expect(thrown.message).toContain("community: 2 problems");
});

function capture(action: () => void): Error {
  try {
    action();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error("the action did not throw an Error");
}

test("neither a path nor what was given moves a terminal or begins a line", () => {
  const hostile = "a\u001b[2J\n::error::\u009b31m\u202e";
  expect(formatProblem({ path: hostile, got: hostile, rule: "r", fix: "f" })).toBe(
    'a·[2J·::error::·31m·: got "a\\u001b[2J\\n::error::·31m·"; needs r. f',
  );
});
