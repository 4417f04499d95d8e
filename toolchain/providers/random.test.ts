import bcrypt from "bcryptjs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { randomResources, uuid7 } from "./random.ts";
import type { Resource } from "./resource.ts";
import { create } from "./testing/steps.ts";
import { plain, secret, unknownSentinel, type WireMap } from "./values.ts";

/**
 * Oracles: doc comments in @pulumi/random (random*.d.ts), and the Check/Create shapes that pulumi/pulumi-random keeps
 * as recorded transcripts in provider/testdata/recorded/TestProviderUpgrade.
 */
function type(name: string): Resource {
  const found = randomResources[`random:index/random${name}:Random${name}`];
  if (!found) throw new Error(name);
  return found;
}
const bare = (state: WireMap): WireMap => plain(state) as WireMap;

describe("RandomPassword", () => {
  test("creates what the recorded transcript shows: id none, all defaults, result and hash secret", async () => {
    const { id, state } = await create(type("Password"), { length: 16, minLower: 2, minNumeric: 2, minSpecial: 2, minUpper: 2 });
    expect(id).toBe("none");
    const { result, bcryptHash, ...rest } = bare(state);
    const flags = { lower: true, upper: true, special: true, number: true, numeric: true };
    const counts = { length: 16, minLower: 2, minNumeric: 2, minSpecial: 2, minUpper: 2 };
    expect(rest).toEqual({ __meta: '{"schema_version":"3"}', ...flags, ...counts });
    expect(state["result"]).toEqual(secret(String(result)));
    expect(state["bcryptHash"]).toEqual(secret(String(bcryptHash)));
    expect(String(bcryptHash)).toMatch(/^\$2a\$10\$/);
    expect(await bcrypt.compare(String(result), String(bcryptHash))).toBe(true);
  });

  test("refuses minimum counts above the length", async () => {
    await expect(create(type("Password"), { length: 3, minLower: 2, minUpper: 2 })).rejects.toThrow(
      "length: got 3; needs minUpper + minLower + minNumeric + minSpecial = 4 or more",
    );
  });

  test("refuses an empty alphabet and a length of 0", async () => {
    const none = { lower: false, upper: false, numeric: false, special: false };
    await expect(create(type("Password"), { length: 3, ...none })).rejects.toThrow("special: got no kind of character");
    await expect(create(type("Password"), { length: 0 })).rejects.toThrow("length: ");
  });

  test("replaces for every input and for keepers, and for nothing when defaults are written out", () => {
    const olds = { length: 12, keepers: { a: "1" } };
    for (const change of [{ length: 13 }, { special: false }, { keepers: { a: "2" } }, { overrideSpecial: "!" }]) {
      const { changed } = type("Password").diff(olds, { ...olds, ...change }, {});
      expect(changed.map(({ key, replace }) => [key, replace])).toEqual([[Object.keys(change)[0], true]]);
    }
    expect(type("Password").diff(olds, { ...olds, special: true, minLower: 0 }, {}).changed).toEqual([]);
  });

  test("previews result and hash as unknown and keeps a secret keeper secret", () => {
    const preview = type("Password").previewCreate({ length: 12, keepers: secret({ a: "1" }) });
    expect(preview).toMatchObject({
      result: secret(unknownSentinel),
      bcryptHash: secret(unknownSentinel),
      keepers: secret({ a: "1" }),
    });
  });

  test("imports a password by its text", () => {
    const { id, inputs, state } = type("Password").import("s3cret-text");
    expect({ id, inputs }).toEqual({ id: "none", inputs: { length: 11 } });
    expect(bare(state)).toMatchObject({ result: "s3cret-text", length: 11, special: true });
  });
});

test("RandomString keeps length, alphabet and minimum counts for any inputs that fit", async () => {
  const count = fc.nat(6);
  const flags = { lower: fc.boolean(), upper: fc.boolean(), numeric: fc.boolean(), special: fc.boolean() };
  const counts = { minLower: count, minUpper: count, minNumeric: count, minSpecial: count };
  const inputs = fc
    .record({ length: fc.integer({ min: 24, max: 80 }), ...flags, ...counts, overrideSpecial: fc.constantFrom("", "_-", "äß") })
    .filter(({ lower, upper, numeric, special }) => lower || upper || numeric || special);
  await fc.assert(
    fc.asyncProperty(inputs, async (given) => {
      const { id, state } = await create(type("String"), given);
      const text = [...String(state["result"])];
      expect(id).toBe(text.join(""));
      expect(text).toHaveLength(given.length);
      const specials = given.overrideSpecial === "" ? "!@#$%&*()-_=+[]{}<>:?" : given.overrideSpecial;
      const classes = [
        ["abcdefghijklmnopqrstuvwxyz", given.lower, given.minLower],
        ["ABCDEFGHIJKLMNOPQRSTUVWXYZ", given.upper, given.minUpper],
        ["0123456789", given.numeric, given.minNumeric],
        [specials, given.special, given.minSpecial],
      ] as const;
      for (const [set, used, min] of classes) {
        const found = text.filter((character) => set.includes(character)).length;
        expect(found).toBeGreaterThanOrEqual(min);
        if (!used) expect(found).toBe(min);
      }
    }),
    { numRuns: 100 },
  );
});

test("RandomString draws every character about equally often (chi-squared over 62 characters)", async () => {
  const drawn = new Map<string, number>();
  const { state } = await create(type("String"), { length: 62_000, special: false });
  for (const character of String(state["result"])) drawn.set(character, (drawn.get(character) ?? 0) + 1);
  const chi = [...drawn.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
  expect(drawn.size).toBe(62);
  expect(chi).toBeLessThan(140); // 61 degrees of freedom: passed by chance at 1 in 10^7
});

test("RandomId gives one number in all four notations, each with the prefix", async () => {
  const { id, state } = await create(type("Id"), { byteLength: 8, prefix: "x-" });
  const bytes = Buffer.from(id, "base64url");
  expect(bytes).toHaveLength(8);
  const notations = { b64Url: `x-${id}`, b64Std: `x-${bytes.toString("base64")}`, hex: `x-${bytes.toString("hex")}` };
  expect(state).toEqual({ byteLength: 8, prefix: "x-", dec: `x-${bytes.readBigUInt64BE()}`, ...notations });
});

test("RandomId imports the recorded number in the recorded notations", () => {
  expect(type("Id").import("gEtk2V_GVJQ").state).toEqual({
    byteLength: 8,
    b64Std: "gEtk2V/GVJQ=",
    b64Url: "gEtk2V_GVJQ",
    dec: "9244593544885589140",
    hex: "804b64d95fc65494",
  });
});

test("RandomBytes gives the same secret bytes in both notations and refuses none", async () => {
  const { id, state } = await create(type("Bytes"), { length: 16 });
  expect(state["base64"]).toEqual(secret(id));
  expect(bare(state)["hex"]).toBe(Buffer.from(id, "base64").toString("hex"));
  await expect(create(type("Bytes"), { length: 0 })).rejects.toThrow("length: ");
});

test.each(["Uuid", "Uuid4"])("Random%s is a version 4 UUID and its own id", async (name) => {
  const { id, state } = await create(type(name), {});
  expect(state).toEqual({ result: id });
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test("RandomUuid7 begins with its time and sorts by it", () => {
  const [early, late] = [uuid7(Date.UTC(2026, 0, 1)), uuid7(Date.UTC(2026, 0, 2))];
  expect(early).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(Number.parseInt(early.replaceAll("-", "").slice(0, 12), 16)).toBe(Date.UTC(2026, 0, 1));
  expect([late, early].sort()).toEqual([early, late]);
});

test.each([
  [1, /^[a-z]+$/],
  [2, /^[a-z]+-[a-z]+$/],
  [4, /^[a-z]+-[a-z]+-[a-z]+-[a-z]+$/],
])("RandomPet of length %i has as many words", async (length, form) => {
  expect((await create(type("Pet"), { length })).id).toMatch(form);
  expect((await create(type("Pet"), { length, prefix: "fidus", separator: "-" })).id).toMatch(/^fidus-/);
});

test("RandomInteger reaches both ends and nothing beyond, and repeats for a seed", async () => {
  const drawn = await Promise.all(Array.from({ length: 200 }, () => create(type("Integer"), { min: -1, max: 1 })));
  expect([...new Set(drawn.map(({ state }) => state["result"]))].sort()).toEqual([-1, 0, 1].sort());
  expect(drawn.every(({ id, state }) => id === String(state["result"]))).toBe(true);
  const seeded = await Promise.all([1, 2].map(() => create(type("Integer"), { min: 0, max: 1_000_000, seed: "a" })));
  expect(seeded[0]?.id).toBe(seeded[1]?.id);
});

test("RandomInteger refuses a minimum above the maximum", async () => {
  await expect(create(type("Integer"), { min: 2, max: 1 })).rejects.toThrow("min: got 2; needs max (1) or less");
});

test("RandomShuffle gives every input once, or as many as asked for, in batches", async () => {
  const inputs = ["a", "b", "c", "d"];
  const all = await create(type("Shuffle"), { inputs });
  expect(all.id).toBe("-");
  expect([...(all.state["results"] as string[])].sort()).toEqual(inputs);
  const six = (await create(type("Shuffle"), { inputs, resultCount: 6 })).state["results"] as string[];
  expect(six).toHaveLength(6);
  expect([...six.slice(0, 4)].sort()).toEqual(inputs);
  expect((await create(type("Shuffle"), { inputs: [], resultCount: 3 })).state["results"]).toEqual([]);
});
