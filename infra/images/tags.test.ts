import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { imageNames, type ImageName } from "./images.ts";
import { contentFiles, contentTag, imageRef } from "./tags.ts";

let root = "";

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "fidus-tags-"));
  cpSync(import.meta.dirname, join(root, "infra/images"), { recursive: true });
  write("app/build.ts", "build");
  write("app/src/main.ts", "main");
  write("app/llm/package.json", "{}");
  write("package-lock.json", JSON.stringify(lock("1.0.0", "1.0.0")));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

test("a tag is 12 hexadecimal digits and the same for the same content in another folder", () => {
  const other = mkdtempSync(join(tmpdir(), "fidus-tags-"));
  cpSync(root, other, { recursive: true });
  expect(tags(other)).toEqual(tags(root));
  rmSync(other, { recursive: true });
  expect(contentTag("app", { root })).toMatch(/^[0-9a-f]{12}$/);
  expect(imageRef("app", { root })).toBe(`fidus/app:${contentTag("app", { root })}`);
});

test("a changed source changes exactly the images made of it", () => {
  expect(changedBy(() => write("app/src/main.ts", "other"))).toEqual(["app", "llm"]);
  expect(changedBy(() => write("infra/images/redis/entrypoint", "other"))).toEqual(["redis"]);
  expect(changedBy(() => write("app/llm/package.json", '{"a":1}'))).toEqual(["llm"]);
  expect(changedBy(() => write("infra/images/base/healthcheck", "other"))).toEqual([...imageNames]);
  expect(changedBy(() => write("app/migrations/1.sql", "new file"))).toEqual(["app", "llm"]);
});

test("tests, hidden files, node_modules and unrelated locked packages change no tag", () => {
  expect(
    changedBy(() => {
      write("app/src/main.test.ts", "test");
      write("app/src/.cache/x", "hidden");
      write("app/llm/node_modules/x/index.js", "installed");
      write("docs/readme.md", "text");
      write("package-lock.json", JSON.stringify(lock("1.0.0", "2.0.0")));
    }),
  ).toEqual([]);
});

test("a new version of one of the app's packages changes app and llm", () => {
  expect(changedBy(() => write("package-lock.json", JSON.stringify(lock("1.0.1", "1.0.0"))))).toEqual(["app", "llm"]);
});

test("a refresh stamp changes every tag, the same stamp none", () => {
  const before = tags(root);
  const first = tags(root, "2026-11-21T10:00:00Z");
  expect(imageNames.filter((name) => before[name] === first[name])).toEqual([]);
  expect(tags(root, "2026-11-21T10:00:00Z")).toEqual(first);
});

test("content files are sorted and a missing folder has none", () => {
  write("app/web/b.ts", "");
  write("app/web/a/c.ts", "");
  expect(contentFiles(root, "app/web")).toEqual(["app/web/a/c.ts", "app/web/b.ts"]);
  expect(contentFiles(root, "app/absent")).toEqual([]);
});

function lock(used: string, unrelated: string): unknown {
  return {
    packages: {
      app: { dependencies: { used: "*" } },
      "node_modules/used": { version: used, integrity: `sha512-${used}` },
      "node_modules/unrelated": { version: unrelated, integrity: `sha512-${unrelated}` },
    },
  };
}

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

function tags(folder: string, refreshed?: string): Record<string, string> {
  return Object.fromEntries(imageNames.map((name) => [name, contentTag(name, { root: folder, refreshed })]));
}

function changedBy(change: () => void): ImageName[] {
  const before = tags(root);
  change();
  const after = tags(root);
  return imageNames.filter((name) => before[name] !== after[name]);
}
