import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Installation } from "./installation.ts";
import { withStackLock } from "./stack-lock.ts";

let installation: Installation;

beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), "fidus-lock-"));
  installation = { folder } as Installation;
});

afterEach(() => rmSync(installation.folder, { recursive: true, force: true }));

test("while one command works, another one is refused with the process that works, and may work afterwards", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const first = withStackLock(installation, "community", () => promise);
  await expect.poll(() => readdirSync(installation.folder)).toContain("community.lock");
  await expect(withStackLock(installation, "community", async () => "second")).rejects.toMatchObject({
    code: "busy",
    problems: [expect.objectContaining({ got: `process ${process.pid}` })],
  });
  resolve();
  await first;
  expect(await withStackLock(installation, "community", async () => "third")).toBe("third");
  expect(readdirSync(installation.folder)).toEqual([]);
});

test("the lock of a process that is gone, or whose number is somebody else's now, is taken over", async () => {
  const lock = join(installation.folder, "community.lock");
  for (const holder of ["4194305 1", `${process.ppid} 1`, ""]) {
    writeFileSync(lock, holder);
    expect(await withStackLock(installation, "community", async () => holder)).toBe(holder);
  }
});

test("of many at once over a dead holder exactly one works at a time", async () => {
  writeFileSync(join(installation.folder, "community.lock"), "4194305 1");
  let working = 0;
  let most = 0;
  const attempts = Array.from({ length: 20 }, () =>
    withStackLock(installation, "community", async () => {
      working += 1;
      most = Math.max(most, working);
      await new Promise(setImmediate);
      working -= 1;
    }).catch(() => null),
  );
  await Promise.all(attempts);
  expect(most).toBe(1);
});

test("two stacks do not wait for each other", async () => {
  const both = withStackLock(installation, "community", () => withStackLock(installation, "second", async () => "both"));
  expect(await both).toBe("both");
});
