import { afterAll, beforeAll, expect, test } from "vitest";
import { fillDocument, TestEngine } from "./testing.ts";

const engine = new TestEngine();
let base = "";

beforeAll(async () => {
  base = (await engine.images("base")).base;
});
afterAll(() => engine.close());

/** Name, owner, mode and content of everything in the volume, as its owner would not be asked: through root. */
async function contents(volume: string): Promise<string[]> {
  const script =
    'cd /files; stat -c ". %u:%g %a" .; for f in $(ls -A); do stat -c "%n %u:%g %a" "$f" | tr "\\n" " "; cat "$f"; echo; done';
  const listed = await engine.docker(["run", "--rm", "--network", "none", "-v", `${volume}:/files`, base, "bash", "-c", script]);
  return listed.trim().split("\n");
}

test("files arrive whole, owned by the given user, readable by nobody else", async () => {
  const volume = await engine.volume();
  expect(await engine.fill(base, volume, fillDocument("app", { session_secret: "s1", "nginx.conf": "a b\n" }))).toEqual({
    changed: true,
    files: 2,
  });
  expect(await contents(volume)).toEqual([
    ". 10001:10001 500",
    "nginx.conf 10001:10001 400 a b",
    "",
    "session_secret 10001:10001 400 s1",
  ]);
});

test("the same document changes nothing, one other content does", async () => {
  const volume = await engine.volume();
  await engine.fill(base, volume, fillDocument("app", { a: "1", b: "2" }));
  expect(await engine.fill(base, volume, fillDocument("app", { a: "1", b: "2" }))).toEqual({ changed: false, files: 2 });
  expect(await engine.fill(base, volume, fillDocument("app", { a: "1", b: "3" }))).toEqual({ changed: true, files: 2 });
  expect(await contents(volume)).toEqual([". 10001:10001 500", "a 10001:10001 400 1", "b 10001:10001 400 3"]);
});

test("a file that is no longer named is removed, another owner is corrected", async () => {
  const volume = await engine.volume();
  await engine.fill(base, volume, fillDocument("app", { a: "1", b: "2" }));
  expect(await engine.fill(base, volume, fillDocument("redis", { a: "1" }))).toEqual({ changed: true, files: 1 });
  expect(await contents(volume)).toEqual([". 10003:10003 500", "a 10003:10003 400 1"]);
});

test("a path as name, a content that is not base64, and a document cut short are refused and change nothing", async () => {
  const volume = await engine.volume();
  await engine.fill(base, volume, fillDocument("app", { a: "1", b: "2" }));
  const before = await contents(volume);
  await expect(engine.fill(base, volume, "uid 10001\n../a MQ==\n")).rejects.toThrow("stdin.name: got '../a'; needs letters");
  await expect(engine.fill(base, volume, "uid 10001\na MQ==\nb %%%\n")).rejects.toThrow(
    "stdin.b: got a content that is not base64",
  );
  await expect(engine.fill(base, volume, "uid 10001 files 2\na MTE=\n")).rejects.toThrow("stdin.files: got 1; needs 2 files");
  await expect(engine.fill(base, volume, "uid root\n")).rejects.toThrow("stdin.uid");
  await expect(engine.fill(base, volume, "")).rejects.toThrow("stdin.uid");
  expect(await contents(volume)).toEqual(before);
});
