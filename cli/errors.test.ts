import { expect, test } from "vitest";
import { InvalidInputError } from "../infra/core/errors.ts";
import { ToolchainError } from "../toolchain/errors.ts";
import { cannotGoOn, CliError, describeError, renderError, wrongInput } from "./errors.ts";

const problem = { path: "pagePort", got: 99_999, rule: "1 to 65535", fix: "./fidus choose --port 3000" };

test.each([
  ["wrong input is 2", wrongInput("no", [problem]), 2, "wrong-input"],
  ["a host that is not ready is 1", cannotGoOn("no", [problem], "preflight"), 1, "preflight"],
  ["a guard is 3", new CliError("no", { exitCode: 3, code: "guard", problems: [problem] }), 3, "guard"],
  ["a broken config is 2", new InvalidInputError("Pulumi.community.yaml", [problem]), 2, "wrong-input"],
  ["a toolchain that cannot be had is 1", new ToolchainError("unavailable", [problem]), 1, "toolchain-unavailable"],
])("%s, and every problem reaches the reader", (_name, error, exitCode, code) => {
  expect(describeError(error)).toMatchObject({ exitCode, report: { code, problems: [problem] } });
});

test("an unknown error, or something that is no error, is 1 with its text", () => {
  expect(describeError(new TypeError("x is not a function"))).toMatchObject({
    exitCode: 1,
    report: { message: "x is not a function" },
  });
  expect(describeError("boom")).toMatchObject({
    exitCode: 1,
    report: { code: "failed", message: "boom", problems: [], fix: null },
  });
});

test("the terminal shows the sentence, one line per problem, then the repair", () => {
  const { report } = describeError(
    new CliError("the stack is busy", { problems: [problem, { ...problem, path: "apiPort" }], fix: "Wait for pid 42." }),
  );
  expect(renderError(report).split("\n")).toEqual([
    "fidus: the stack is busy",
    "  pagePort: got 99999; needs 1 to 65535. ./fidus choose --port 3000",
    "  apiPort: got 99999; needs 1 to 65535. ./fidus choose --port 3000",
    "  Wait for pid 42.",
  ]);
});

test("a pulumi command among the repairs is shown with what makes it work", () => {
  const { report } = describeError(wrongInput("no", [{ ...problem, fix: "pulumi config rm pagePort" }]));
  expect(renderError(report).split("\n").at(-1)).toBe('  Before a pulumi command: eval "$(./fidus env)"');
  expect(renderError(describeError(wrongInput("no", [problem])).report)).not.toContain("eval");
});

test("a message that names the stack's own variables is not followed by those of another stack", () => {
  const { report } = describeError(
    wrongInput('shop: eval "$(./fidus env shop)"', [{ ...problem, fix: "pulumi config set x 1" }]),
  );
  expect(renderError(report).split("\n")).toHaveLength(2);
});

test("a config error's sentence does not repeat its problems", () => {
  expect(renderError(describeError(new InvalidInputError("community", [problem])).report).split("\n")).toHaveLength(2);
});
