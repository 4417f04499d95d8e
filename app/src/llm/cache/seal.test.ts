import { expect, test } from "vitest";
import { Recorder } from "./recorder.ts";
import { TenantSeal } from "./seal.ts";

const secret = "0123456789abcdefghijklmnopqrstuv";
const content = Buffer.from("an answer");

test("what a tenant sealed opens for it under the same name, and holds no clear text", () => {
  const sealed = new TenantSeal(secret, "a").seal("name", content);
  expect(sealed.includes(content)).toBe(false);
  expect(new TenantSeal(secret, "a").open("name", sealed)).toEqual(content);
});

test.each([
  ["another tenant", new TenantSeal(secret, "b"), "name"],
  ["another secret", new TenantSeal(`${secret}x`, "a"), "name"],
  ["another name", new TenantSeal(secret, "a"), "other"],
])("it does not open for %s", (_, seal, name) => {
  expect(seal.open(name, new TenantSeal(secret, "a").seal("name", content))).toBeNull();
});

test("it does not open when a bit of it was changed, or when it is no sealed thing at all", () => {
  const seal = new TenantSeal(secret, "a");
  const sealed = seal.seal("name", content);
  sealed[sealed.length - 1]! ^= 1;
  expect([seal.open("name", sealed), seal.open("name", Buffer.from("short"))]).toEqual([null, null]);
});

test("names differ by tenant, and by where one part ends and the next begins", () => {
  const seal = new TenantSeal(secret, "a");
  expect(
    new Set([seal.name("ab", "c"), seal.name("a", "bc"), seal.name("abc"), new TenantSeal(secret, "b").name("ab", "c")]).size,
  ).toBe(4);
});

test("a recorder forgets what is too long and what was cut short, and gives the rest whole", () => {
  const recorded = (limit: number, ...parts: string[]): string | undefined => {
    const recorder = new Recorder(limit);
    for (const part of parts) recorder.add(Buffer.from(part));
    return recorder.answer?.toString();
  };
  expect(recorded(4, "ab", "cd")).toBe("abcd");
  expect(recorded(4, "ab", "cde")).toBeUndefined();
  expect(recorded(99, '{"finish_reason":', '"length"}')).toBeUndefined();
  expect(recorded(99, '{"content":"\\"finish_reason\\":\\"length\\""}')).toBeDefined();
});
