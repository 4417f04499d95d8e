import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { configurationPage, missingSettings, stackFile, stackFiles } from "./document.ts";
import { keyParts, keys, keysOf } from "./keys.ts";
import { editions, type Edition } from "./spec.ts";

const root = join(import.meta.dirname, "../..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const committed = readdirSync(root).filter((name) => /^Pulumi\..+\.yaml$/.test(name));

test("docs/configuration.md says what the table of keys says: `npm run docs` writes it", () => {
  expect(read("docs/configuration.md")).toBe(configurationPage());
});

test("the page has a row for each key of each edition, and for nothing else", () => {
  const sections = read("docs/configuration.md").split("\n## ").slice(1);
  expect(sections).toHaveLength(editions.length);
  for (const [index, edition] of editions.entries()) {
    const rows = [...(sections[index] ?? "").matchAll(/^\| `(\w+)` \|/gm)].map(([, key]) => key);
    expect(rows, edition).toEqual(keysOf(edition).map(([name]) => name));
  }
});

test("no two parts of the table hold the same key", () => {
  expect(keyParts.flatMap((part) => Object.keys(part)).sort()).toEqual(Object.keys(keys).sort());
});

test("every edition has a committed stack file, enterprise's for its global stack", () => {
  expect(committed.sort()).toEqual(["Pulumi.community.yaml", ...Object.keys(stackFiles)].sort());
});

describe.each(committed)("%s", (file) => {
  const text = read(file);
  const { config } = parse(text) as { config: Record<string, string> };
  const edition = config["fidus:edition"] as Edition;

  test("names only keys of its edition and holds neither salt nor secret [X-01]", () => {
    const known: string[] = keysOf(edition).map(([name]) => name);
    const set = Object.keys(config).map((key) => key.replace("fidus:", ""));
    const shown = [...text.matchAll(/pulumi config set (?:--secret )?(\w+)/g)].map(([, key = ""]) => key);
    expect([...set, ...shown].filter((key) => !known.includes(key))).toEqual([]);
    expect(text).not.toMatch(/encryptionsalt|secure:/);
    expect(set.filter((key) => "secret" in keys[key as keyof typeof keys])).toEqual([]);
  });
});

describe.each(Object.entries(stackFiles))("%s", (file, edition) => {
  test("names every setting that is missing in it, and no other: `npm run docs` writes it", () => {
    expect(read(file)).toBe(stackFile(edition));
    const shown = [...read(file).matchAll(/^# {3}pulumi config set (?:--secret )?(\w+)/gm)].map(([, key]) => key);
    expect(shown).toEqual(missingSettings(edition, { edition }).map(({ key }) => key));
    expect(shown).toContain("domain");
  });
});
