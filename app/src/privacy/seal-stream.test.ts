import { generateKeySync } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { SealError } from "./seal-form.ts";
import { openStream, sealStream } from "./seal-stream.ts";
import { openBytes, sealBytes } from "./seal.ts";

const key = generateKeySync("aes", { length: 256 });
const place = "uploads 1 of ann";
const text = Buffer.from("Grüße 🦉 ".repeat(500));

/** As a disk gives it: in pieces of any length. */
async function* cut(bytes: Buffer, length: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += length) yield await Promise.resolve(bytes.subarray(at, at + length));
}
const sealed = (length: number): Promise<Buffer> => buffer(sealStream(key, place, cut(text, length)));
const opened = (bytes: Buffer, length: number, where = place): Promise<Buffer> =>
  buffer(openStream(key, where, cut(bytes, length)));

describe("a sealed stream [A-16]", () => {
  test.each([1, 7, 16, 4_096, 100_000])(
    "in pieces of %i bytes has the form of what is sealed at once, both ways",
    async (length) => {
      expect(openBytes(key, place, await sealed(length)).equals(text)).toBe(true);
      expect((await opened(sealBytes(key, place, text), length)).equals(text)).toBe(true);
    },
  );

  test("of nothing opens as nothing", async () => {
    const empty = await buffer(sealStream(key, place, cut(Buffer.alloc(0), 1)));
    expect(await opened(empty, 5)).toHaveLength(0);
  });

  test("does not open elsewhere, changed, cut off or of another form", async () => {
    const whole = await sealed(1_000);
    const changed = Buffer.from(whole);
    changed[100] = (changed[100] ?? 0) ^ 1;
    const other = Buffer.concat([Buffer.of(2), whole.subarray(1)]);
    await expect(opened(whole, 64, "uploads 2 of ann")).rejects.toThrow(SealError);
    for (const bytes of [changed, other, whole.subarray(0, -1), whole.subarray(0, 20), whole.subarray(0, 5), Buffer.alloc(0)])
      await expect(opened(bytes, 64)).rejects.toThrow(SealError);
  });
});
