import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { configurationPage } from "./document.ts";
import { keys } from "./keys.ts";

const root = join(import.meta.dirname, "../..");

test("docs/configuration.md says what the table of keys says: `npm run docs` writes it", () => {
  expect(readFileSync(join(root, "docs/configuration.md"), "utf8")).toBe(configurationPage());
});

test("the committed stack file names only known keys and holds neither salt nor secret [X-01]", () => {
  const text = readFileSync(join(root, "Pulumi.community.yaml"), "utf8");
  const { config } = parse(text) as { config: Record<string, unknown> };
  expect(Object.keys(config).filter((key) => !(key.replace("fidus:", "") in keys))).toEqual([]);
  expect(text).not.toMatch(/encryptionsalt|secure:/);
});
