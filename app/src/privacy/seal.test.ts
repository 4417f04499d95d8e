import { generateKeySync } from "node:crypto";
import { describe, expect, test } from "vitest";
import { KeyRing, MissingRingKeyError } from "./ring.ts";
import { SealError } from "./seal-form.ts";
import { Sealer } from "./seal.ts";

const ann = "11111111-1111-4111-8111-111111111111";
const bob = "22222222-2222-4222-8222-222222222222";
const row = "33333333-3333-4333-8333-333333333333";
const other = "44444444-4444-4444-8444-444444444444";
const newKey = () => generateKeySync("aes", { length: 256 });
const [oldSecret, newSecret] = ["a0b1c2d3e4f5a6b7c8d9e0f1a2b3c4d5", "5d4c3b2a1f0e9d8c7b6a5f4e3d2c1b0a"];

describe("something sealed [A-16]", () => {
  const key = newKey();
  const sealer = new Sealer(key, ann);
  const text = "Grüße 🦉 of Ann";
  const sealed = sealer.seal("messages.content", row, text);

  test("opens for the same person, column and row, holds nothing of the text, and is never twice the same", () => {
    expect(sealer.open("messages.content", row, sealed)).toBe(text);
    expect(sealed.includes("of Ann")).toBe(false);
    expect([sealed[0], sealed.length]).toEqual([1, 1 + 12 + Buffer.byteLength(text) + 16]);
    expect(sealer.seal("messages.content", row, text).equals(sealed)).toBe(false);
    expect(sealer.open("messages.content", row, sealer.seal("messages.content", row, ""))).toBe("");
  });

  test.each([
    ["another row", () => sealer.open("messages.content", other, sealed)],
    ["another column", () => sealer.open("conversations.title", row, sealed)],
    ["another person with the same key", () => new Sealer(key, bob).open("messages.content", row, sealed)],
    ["another key", () => new Sealer(newKey(), ann).open("messages.content", row, sealed)],
    ["another version", () => sealer.open("messages.content", row, Buffer.concat([Buffer.of(2), sealed.subarray(1)]))],
    ["nothing", () => sealer.open("messages.content", row, Buffer.alloc(0))],
  ])("does not open in %s", (_name, open) => {
    expect(open).toThrow(SealError);
  });

  test("does not open with any one byte changed, or cut off", () => {
    for (let at = 0; at < sealed.length; at++) {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(() => sealer.open("messages.content", row, changed), `byte ${at}`).toThrow(SealError);
      expect(() => sealer.open("messages.content", row, sealed.subarray(0, at)), `${at} bytes`).toThrow(SealError);
    }
  });

  test("is not named in the error", () => {
    const said = (): string => {
      try {
        return sealer.open("messages.content", other, sealed);
      } catch (error) {
        return String(error);
      }
    };
    expect(said()).toContain(`messages.content ${other} of ${ann}`);
    expect(said()).not.toContain("Grüße");
  });
});

describe("a key ring", () => {
  test("wraps by its newest key, unwraps by each, and only for the same person", () => {
    const dataKey = newKey();
    const before = new KeyRing([oldSecret]).wrap(ann, dataKey);
    const ring = new KeyRing([newSecret, oldSecret]);
    expect(ring.unwrap(ann, before).equals(dataKey)).toBe(true);
    const after = ring.wrap(ann, dataKey);
    expect([ring.ids, after.keyId]).toEqual([[new KeyRing([newSecret]).newest.id, before.keyId], ring.ids[0]]);
    expect(() => ring.unwrap(bob, after)).toThrow(SealError);
    expect(after.wrapped.includes(dataKey.export())).toBe(false);
  });

  test("without the key that wrapped says which one is missing, and no secret", () => {
    const { keyId, ...rest } = new KeyRing([oldSecret]).wrap(ann, newKey());
    const open = (): unknown => new KeyRing([newSecret]).unwrap(ann, { keyId, ...rest });
    expect(open).toThrow(MissingRingKeyError);
    expect(open).toThrow(new RegExp(`^ENCRYPTION_KEY: got the keys [0-9a-f]{12}; needs ${keyId} too`));
    expect(keyId).not.toContain(oldSecret.slice(0, 6));
  });
});
