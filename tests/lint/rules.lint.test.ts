import { join } from "node:path";
import { ESLint } from "eslint";
import { describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
const eslint = new ESLint({ cwd: root });
const timeout = 60_000;

/** Rules that the text breaks when it stands in place of that file (one that exists: some rules read its types). */
async function broken(file: string, text: string): Promise<string[]> {
  const [result] = await eslint.lintText(text, { filePath: join(root, file) });
  return (result?.messages ?? []).map(({ ruleId, message }) => ruleId ?? message);
}

describe("the language rules", () => {
  test.each([
    ["any", "export const x: any = 1;\n", "@typescript-eslint/no-explicit-any"],
    ["a non-null assertion", "export const f = (x: string | null): string => x!;\n", "@typescript-eslint/no-non-null-assertion"],
    ["ts-ignore", "// @ts-ignore because\nexport const x: number = 1;\n", "@typescript-eslint/ban-ts-comment"],
    ["an enum", "export enum Color {\n  Red,\n}\n", "no-restricted-syntax"],
    ["a namespace", "export namespace A {\n  export const x = 1;\n}\n", "@typescript-eslint/no-namespace"],
    [
      "a parameter property",
      "export class A {\n  constructor(readonly x: number) {}\n}\n",
      "@typescript-eslint/parameter-properties",
    ],
    ["an import without its ending", 'import { labelsFor } from "./naming";\nexport const f = labelsFor;\n', "fidus/ts-endings"],
    [
      "a type imported as a value",
      'import { Problem } from "./errors.ts";\nexport type P = Problem;\n',
      "@typescript-eslint/consistent-type-imports",
    ],
    [
      "a promise that nobody waits for",
      "export function f(): void {\n  Promise.resolve(1);\n}\n",
      "@typescript-eslint/no-floating-promises",
    ],
  ])("reject %s", { timeout }, async (_name, text, rule) => {
    expect(await broken("infra/core/naming.ts", text)).toContain(rule);
  });

  test("accept the same things written as STYLE.md asks", { timeout }, async () => {
    const text = [
      'import { formatProblem, type Problem } from "./errors.ts";',
      'export const colors = ["red", "green"] as const;',
      "export type Color = (typeof colors)[number];",
      'export const text = (problem: Problem | null): string => (problem === null ? "" : formatProblem(problem));',
      "",
    ].join("\n");
    expect(await broken("infra/core/naming.ts", text)).toEqual([]);
  });

  test("reject an Output in a template string and accept its value", { timeout }, async () => {
    const head = 'import * as pulumi from "@pulumi/pulumi";\nconst name = pulumi.output("x");\n';
    const file = "infra/docker/networks.ts";
    expect(await broken(file, `${head}export const url: string = \`http://\${name}\`;\n`)).toEqual([
      "fidus/no-output-in-template",
    ]);
    expect(await broken(file, `${head}export const url = pulumi.interpolate\`http://\${name}\`;\n`)).toEqual([]);
  });
});

describe("the direction of imports", () => {
  test.each([
    ["infra/core/naming.ts", "../config/keys.ts"],
    ["infra/config/read.ts", "../docker/service.ts"],
    ["infra/images/build.ts", "../docker/service.ts"],
    ["infra/core/naming.ts", "../../app/src/config.ts"],
    ["infra/docker/app.ts", "../../cli/errors.ts"],
    ["app/src/config.ts", "../../infra/core/errors.ts"],
    ["toolchain/ensure.ts", "../cli/errors.ts"],
    ["cli/errors.ts", "../infra/docker/service.ts"],
    ["cli/errors.ts", "../app/src/config.ts"],
  ])("rejects that %s imports %s", { timeout }, async (file, target) => {
    expect(await broken(file, `export * from "${target}";\n`)).toContain("no-restricted-imports");
  });

  test.each([
    ["infra/docker/app.ts", "../core/naming.ts"],
    ["infra/docker/app.ts", "./service.ts"],
    ["infra/config/read.ts", "../core/errors.ts"],
    ["stacks/index.ts", "../infra/docker/app.ts"],
    ["cli/errors.ts", "../infra/core/errors.ts"],
    ["cli/errors.ts", "../infra/images/images.ts"],
    ["cli/errors.ts", "../toolchain/ensure.ts"],
    ["toolchain/ensure.ts", "../infra/core/errors.ts"],
  ])("accepts that %s imports %s", { timeout }, async (file, target) => {
    expect(await broken(file, `export * from "${target}";\n`)).not.toContain("no-restricted-imports");
  });
});
