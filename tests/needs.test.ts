import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { provide, type Machine } from "./needs.ts";
import { chromiumNames, findProgram, pathFolders } from "./programs.ts";

let folder = "";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fidus-needs-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** A machine on which nothing may be installed and whose PATH is the test's own folder. */
function machine(): Machine {
  return { env: { PATH: folder }, canInstall: false, log: () => {}, signal: new AbortController().signal };
}

test("a tier that needs nothing can run anywhere", async () => {
  expect(await provide([], machine())).toEqual([]);
});

test("a missing program is named with the package that brings it", async () => {
  expect(await provide(["shellcheck", "chromium"], machine())).toEqual([
    "shellcheck is missing (sudo apt-get install shellcheck)",
    "chromium is missing (sudo apt-get install chromium fonts-dejavu-core fonts-noto-color-emoji)",
  ]);
});

test("a program on the PATH is enough, whoever brought it", async () => {
  await writeFile(join(folder, "shellcheck"), "", { mode: 0o755 });
  expect(await provide(["shellcheck"], machine())).toEqual([]);
});

test.each(["chromium", "google-chrome", "chromium-browser"])("a browser called %s is enough", async (name) => {
  await writeFile(join(folder, name), "", { mode: 0o755 });
  expect(await provide(["chromium"], machine())).toEqual([]);
  expect(findProgram(chromiumNames, pathFolders(machine().env))).toBe(join(folder, name));
});

test("of several browsers the better one is taken, and a folder of that name is none", async () => {
  await mkdir(join(folder, "chromium"));
  await writeFile(join(folder, "chromium-browser"), "", { mode: 0o755 });
  await writeFile(join(folder, "google-chrome"), "", { mode: 0o755 });
  expect(findProgram(chromiumNames, [folder])).toBe(join(folder, "google-chrome"));
  expect(findProgram(chromiumNames, [])).toBe(null);
});

test("a missing small part is told without touching Docker or the toolchain", async () => {
  expect(await provide(["docker", "toolchain", "shellcheck"], machine())).toEqual([
    "shellcheck is missing (sudo apt-get install shellcheck)",
  ]);
});
