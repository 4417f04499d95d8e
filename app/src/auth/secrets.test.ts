import { describe, expect, test } from "vitest";
import { hashSecret, parseApiKey } from "./api-keys.ts";
import { generatePassword, hashPassword, verifyPassword } from "./password.ts";
import { isEmail } from "./users.ts";

describe("passwords", () => {
  test("are accepted when right, and refused when wrong", async () => {
    const hash = await hashPassword("Grüße 🦉");
    expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(await verifyPassword("Grüße 🦉", hash)).toBe(true);
    expect(await verifyPassword("grüße 🦉", hash)).toBe(false);
    expect(await verifyPassword("", hash)).toBe(false);
  });

  test("are accepted however the keyboard composes them", async () => {
    expect(await verifyPassword("u\u0308", await hashPassword("\u00fc"))).toBe(true);
  });

  test("have a hash of their own each time", async () => {
    expect(await hashPassword("same")).not.toBe(await hashPassword("same"));
  });

  test("are refused for a malformed hash", async () => {
    expect(await verifyPassword("x", "plain")).toBe(false);
    expect(await verifyPassword("x", "")).toBe(false);
  });

  test("are generated long, and different", () => {
    const made = new Set(Array.from({ length: 100 }, generatePassword));
    expect(made.size).toBe(100);
    for (const password of made) expect(password).toMatch(/^[a-zA-Z2-9]{20}$/);
  });
});

describe("API keys", () => {
  const secret = "A".repeat(42) + "_";

  test("are split into prefix and secret, underscores in the secret included", () => {
    expect(parseApiKey(`fidus_0123456789ab_${secret}`)).toEqual({ prefix: "0123456789ab", secret });
  });

  test.each(["", "sk-abc", `fidus_0123456789ab_${secret}x`, `fidus_0123456789AB_${secret}`, "fidus__"])("are not %j", (text) => {
    expect(parseApiKey(text)).toBeNull();
  });

  test("are stored as SHA-256", () => {
    expect(hashSecret("abc").toString("hex")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  });
});

test.each([
  ["a@b", true],
  ["admin@localhost", true],
  ["a b@c", false],
  ["a@@b", false],
  ["@b", false],
  ["", false],
])("%j is an e-mail address: %s", (text, expected) => {
  expect(isEmail(text)).toBe(expected);
});
