import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ensurePython, type PythonOptions } from "./environment.ts";

let folder = "";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fidus-python-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Offline: the only packages are those of an empty folder. */
function options(more: NodeJS.ProcessEnv = {}): PythonOptions {
  const env = {
    PATH: process.env["PATH"],
    HOME: folder,
    XDG_CACHE_HOME: folder,
    PIP_NO_INDEX: "1",
    PIP_FIND_LINKS: folder,
    ...more,
  };
  return { env, log: () => {}, signal: new AbortController().signal, requirements: join(folder, "list.txt") };
}
const kept = (): Promise<string[]> => readdir(join(folder, "fidus/test-python"));

test("a machine without Python is told which package brings it", async () => {
  await writeFile(join(folder, "list.txt"), "");
  await expect(ensurePython(options({ PATH: folder }))).rejects.toThrow(
    "python3 is missing (Debian: sudo apt-get install python3-venv)",
  );
});

test("an environment is made once, and anew for another list", async () => {
  await writeFile(join(folder, "list.txt"), "# nothing\n");
  const logged: string[] = [];
  const log = (text: string): void => void logged.push(text);
  const home = await ensurePython({ ...options(), log });
  expect([await ensurePython({ ...options(), log }), logged.length, await kept()]).toEqual([home, 1, [home.split("/").at(-1)]]);
  await writeFile(join(folder, "list.txt"), "# nothing else\n");
  expect(await ensurePython({ ...options(), log })).not.toBe(home);
});

test("offline the reason is told, and nothing of it stays", async () => {
  await writeFile(join(folder, "list.txt"), `openai==3.54.0 --hash=sha256:${"ab".repeat(32)}\n`);
  await expect(ensurePython(options())).rejects.toThrow(
    /pip cannot fetch .*list\.txt \(offline, .*: ERROR: No matching distribution/,
  );
  expect(await kept()).toEqual([]);
});
