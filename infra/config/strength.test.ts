import { describe, expect, test } from "vitest";
import { formatProblem } from "../core/errors.ts";
import { keysOf } from "./keys.ts";
import { readChanged } from "./testing.ts";

describe.each(["starter", "pro", "enterprise-region"] as const)("a basic key in %s", (edition) => {
  const basic = keysOf(edition).filter(([, spec]) => spec.secret === true && spec.form === undefined);
  const said = (environment: string, value: string): string[] =>
    basic.flatMap(([name]) => readChanged(edition, { environment, [name]: value }).problems.map(formatProblem));

  test("is enough for development [X-04]", () => {
    expect(basic.length).toBeGreaterThan(0);
    expect(said("development", "basic-key-of-15")).toEqual([]);
  });

  test.each(["staging", "production"])(
    "is refused in %s and not shown, and one of 16 characters is accepted [X-04]",
    (environment) => {
      const rule = `needs 16 characters or more in environment ${environment}`;
      expect(said(environment, "basic-key-of-15")).toEqual(
        basic.map(([name]) => `${name}: got "a secret of 15"; ${rule}. pulumi config set --secret ${name}`),
      );
      expect(said(environment, "good-key-of-16-c")).toEqual([]);
    },
  );
});

test("a key that a local runtime ignores may be short in community, and a token in its own form is judged by that", () => {
  expect(readChanged("community", { llmApiKey: "lm-studio" }).problems).toEqual([]);
  expect(readChanged("starter", { environment: "development", hcloudToken: "short" }).problems.map(({ path }) => path)).toEqual([
    "hcloudToken",
  ]);
});
