/**
 * The random provider: the types of @pulumi/random with the same inputs, outputs, ids and replace rules.
 * Sources: the SDK's type definitions, and the recorded transcripts in pulumi/pulumi-random provider/testdata/recorded.
 */
import { randomBytes, randomInt, randomUUID } from "node:crypto";
import sdk from "@pulumi/random/package.json" with { type: "json" };
import bcrypt from "bcryptjs";
import { z } from "zod";
import { isMain, PluginError } from "./grpc-server.ts";
import { petWords } from "./pet-words.ts";
import { defineResource, type CheckFailure, type Created, type Resource } from "./resource.ts";
import { serveProvider } from "./serve.ts";
import type { WireMap } from "./values.ts";

const digits = "0123456789";
const lowerCase = "abcdefghijklmnopqrstuvwxyz";
const upperCase = lowerCase.toUpperCase();
/** The published provider's list. */
const specials = "!@#$%&*()-_=+[]{}<>:?";
/** Cost that the published provider uses. */
const bcryptRounds = 10;

const keepers = z.record(z.string(), z.unknown()).optional();
const count = z.number().int().min(0);

const stringInputs = z.object({
  keepers,
  length: z.number().int().min(1),
  lower: z.boolean().default(true),
  minLower: count.default(0),
  minNumeric: count.default(0),
  minSpecial: count.default(0),
  minUpper: count.default(0),
  number: z.boolean().optional(),
  numeric: z.boolean().optional(),
  overrideSpecial: z.string().optional(),
  special: z.boolean().default(true),
  upper: z.boolean().default(true),
});
type StringInputs = z.output<typeof stringInputs>;

interface CharacterClass {
  readonly set: readonly string[];
  readonly used: boolean;
  readonly min: number;
}

function characterClasses(inputs: StringInputs): CharacterClass[] {
  const special = inputs.overrideSpecial ? inputs.overrideSpecial : specials;
  return [
    { set: [...digits], used: usesDigits(inputs), min: inputs.minNumeric },
    { set: [...lowerCase], used: inputs.lower, min: inputs.minLower },
    { set: [...upperCase], used: inputs.upper, min: inputs.minUpper },
    { set: [...special], used: inputs.special, min: inputs.minSpecial },
  ];
}

/** `number` is the old name of `numeric`; either may be given. */
function usesDigits({ numeric, number }: StringInputs): boolean {
  return numeric ?? number ?? true;
}

function stringProblems(inputs: StringInputs): CheckFailure[] {
  const classes = characterClasses(inputs);
  const wanted = classes.reduce((sum, { min }) => sum + min, 0);
  const failures: CheckFailure[] = [];
  if (wanted > inputs.length)
    failures.push({
      property: "length",
      reason: `got ${inputs.length}; needs minUpper + minLower + minNumeric + minSpecial = ${wanted} or more`,
    });
  if (!classes.some(({ used }) => used))
    failures.push({
      property: "special",
      reason: "got no kind of character; needs at least one of upper, lower, numeric, special",
    });
  if (inputs.numeric !== undefined && inputs.number !== undefined && inputs.numeric !== inputs.number) {
    failures.push({ property: "number", reason: "got another value than numeric; needs the same, or only numeric" });
  }
  return failures;
}

/** Uniform choice by the operating system's generator; the minimum counts hold whatever is drawn. */
export function randomString(inputs: StringInputs): string {
  const classes = characterClasses(inputs);
  const all = classes.filter(({ used }) => used).flatMap(({ set }) => set);
  const required = classes.flatMap(({ set, min }) => Array.from({ length: min }, () => pick(set)));
  const free = Array.from({ length: inputs.length - required.length }, () => pick(all));
  return shuffled([...required, ...free]).join("");
}

function pick<T>(from: readonly T[]): T {
  const chosen = from[randomInt(from.length)];
  if (chosen === undefined)
    throw new PluginError("characters: got an empty set; needs one character or more. Fix overrideSpecial");
  return chosen;
}

/** Fisher–Yates: every order is equally likely. */
function shuffled<T>(items: readonly T[], below: (limit: number) => number = randomInt): T[] {
  const order = [...items];
  for (let last = order.length - 1; last > 0; last -= 1) {
    const other = below(last + 1);
    [order[last], order[other]] = [order[other] as T, order[last] as T];
  }
  return order;
}

/** The outputs that every string has; the schema version lets the published plugin take the state over. */
function stringOutputs(inputs: StringInputs, result: string, schemaVersion: number): WireMap {
  const numeric = usesDigits(inputs);
  return { __meta: JSON.stringify({ schema_version: String(schemaVersion) }), number: numeric, numeric, result };
}

function importedInputs(text: string): WireMap {
  return { length: text.length };
}

/** bcrypt reads 72 bytes and no more; the hash of a longer password is that of its beginning. */
async function bcryptHash(text: string): Promise<string> {
  const salt = (await bcrypt.genSalt(bcryptRounds)).replace("$2b$", "$2a$");
  return bcrypt.hash(text, salt);
}

const randomPassword = defineResource({
  inputs: stringInputs,
  outputs: { result: { type: "string", secret: true }, bcryptHash: { type: "string", secret: true } },
  replaceOn: "every",
  problems: stringProblems,
  create: async ({ inputs }): Promise<Created> => {
    const result = randomString(inputs);
    return { id: "none", outputs: { ...stringOutputs(inputs, result, 3), bcryptHash: await bcryptHash(result) } };
  },
  import: (id) => ({
    id: "none",
    inputs: importedInputs(id),
    outputs: { ...stringOutputs(stringInputs.parse(importedInputs(id)), id, 3), bcryptHash: bcrypt.hashSync(id, bcryptRounds) },
  }),
});

const randomStringType = defineResource({
  inputs: stringInputs,
  outputs: { result: { type: "string" } },
  replaceOn: "every",
  problems: stringProblems,
  create: ({ inputs }): Created => {
    const result = randomString(inputs);
    return { id: result, outputs: stringOutputs(inputs, result, 2) };
  },
  import: (id) => ({ id, inputs: importedInputs(id), outputs: stringOutputs(stringInputs.parse(importedInputs(id)), id, 2) }),
});

function idOutputs(bytes: Buffer, prefix: string): WireMap {
  const decimal = bytes.length === 0 ? "0" : BigInt(`0x${bytes.toString("hex")}`).toString();
  return {
    b64Std: prefix + bytes.toString("base64"),
    b64Url: prefix + bytes.toString("base64url"),
    dec: prefix + decimal,
    hex: prefix + bytes.toString("hex"),
  };
}

const randomId = defineResource({
  inputs: z.object({ keepers, byteLength: count, prefix: z.string().optional() }),
  outputs: { b64Std: { type: "string" }, b64Url: { type: "string" }, dec: { type: "string" }, hex: { type: "string" } },
  replaceOn: "every",
  create: ({ inputs }): Created => {
    const bytes = randomBytes(inputs.byteLength);
    return { id: bytes.toString("base64url"), outputs: idOutputs(bytes, inputs.prefix ?? "") };
  },
  import: (given) => {
    const [id = "", prefix = ""] = given.split(/,(?=[^,]*$)/).reverse();
    const bytes = Buffer.from(id, "base64url");
    return { id, inputs: { byteLength: bytes.length, ...(prefix === "" ? {} : { prefix }) }, outputs: idOutputs(bytes, prefix) };
  },
});

const randomBytesType = defineResource({
  inputs: z.object({ keepers, length: z.number().int().min(1) }),
  outputs: { base64: { type: "string", secret: true }, hex: { type: "string", secret: true } },
  replaceOn: "every",
  create: ({ inputs }): Created => {
    const bytes = randomBytes(inputs.length);
    return { id: bytes.toString("base64"), outputs: { base64: bytes.toString("base64"), hex: bytes.toString("hex") } };
  },
});

function uuidResource(generate: () => string): Resource {
  return defineResource({
    inputs: z.object({ keepers }),
    outputs: { result: { type: "string" } },
    replaceOn: "every",
    create: (): Created => {
      const result = generate();
      return { id: result, outputs: { result } };
    },
    import: (id) => ({ id, inputs: {}, outputs: { result: id } }),
  });
}

/** Time-ordered UUID, RFC 9562 section 5.7: 48 bits of milliseconds, the rest random. */
export function uuid7(now: number): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(now, 0, 6);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x70, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

const randomPet = defineResource({
  inputs: z.object({ keepers, length: count.default(2), prefix: z.string().optional(), separator: z.string().default("-") }),
  outputs: {},
  replaceOn: "every",
  create: ({ inputs }): Created => {
    const words = petName(inputs.length);
    return { id: [...(inputs.prefix ? [inputs.prefix] : []), ...words].join(inputs.separator), outputs: {} };
  },
});

/** Adverbs, then an adjective, then an animal: as many words as asked for. */
function petName(length: number): string[] {
  const { adverbs, adjectives, animals } = petWords;
  const lists = [
    ...Array.from({ length: Math.max(0, length - 2) }, () => adverbs),
    ...(length >= 2 ? [adjectives] : []),
    animals,
  ];
  return lists.map((list) => pick(list));
}

const randomInteger = defineResource({
  inputs: z.object({ keepers, max: z.number().int(), min: z.number().int(), seed: z.string().optional() }),
  outputs: { result: { type: "integer" } },
  replaceOn: "every",
  problems: ({ min, max }) => (min <= max ? [] : [{ property: "min", reason: `got ${min}; needs max (${max}) or less` }]),
  create: ({ inputs: { min, max, seed } }): Created => {
    const result = min + belowFor(seed)(max - min + 1);
    return { id: String(result), outputs: { result } };
  },
});

const randomShuffle = defineResource({
  inputs: z.object({ keepers, inputs: z.array(z.string()), resultCount: count.optional(), seed: z.string().optional() }),
  outputs: { results: { type: "strings" } },
  replaceOn: "every",
  create: ({ inputs: { inputs: items, resultCount = items.length, seed } }): Created => {
    const results: string[] = [];
    while (items.length > 0 && results.length < resultCount) results.push(...shuffled(items, belowFor(seed)));
    return { id: "-", outputs: { results: results.slice(0, resultCount) } };
  },
});

/**
 * A source of integers below a limit. A seed makes the choice repeatable here, but another one than the published
 * plugin would make: that follows from the generator of the Go standard library.
 */
function belowFor(seed: string | undefined): (limit: number) => number {
  if (!seed) return (limit) => wideRandomInt(limit);
  let state =
    [...seed].reduce((hash, character) => Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193), 0x811c9dc5) >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    const mixed = Math.imul(state ^ (state >>> 15), state | 1);
    const fraction = ((mixed ^ (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61))) >>> 0) / 2 ** 32;
    return Math.floor(fraction * limit);
  };
}

/** `randomInt` stops at 2^48; beyond it rejection sampling keeps the choice uniform. */
function wideRandomInt(limit: number): number {
  if (limit < 2 ** 48) return randomInt(limit);
  const bound = BigInt(limit);
  const usable = (1n << 64n) - ((1n << 64n) % bound);
  let drawn = randomBytes(8).readBigUInt64BE();
  while (drawn >= usable) drawn = randomBytes(8).readBigUInt64BE();
  return Number(drawn % bound);
}

/** The resource types by token. */
export const randomResources: Readonly<Record<string, Resource>> = {
  "random:index/randomPassword:RandomPassword": randomPassword,
  "random:index/randomString:RandomString": randomStringType,
  "random:index/randomId:RandomId": randomId,
  "random:index/randomBytes:RandomBytes": randomBytesType,
  "random:index/randomUuid:RandomUuid": uuidResource(randomUUID),
  "random:index/randomUuid4:RandomUuid4": uuidResource(randomUUID),
  "random:index/randomUuid7:RandomUuid7": uuidResource(() => uuid7(Date.now())),
  "random:index/randomPet:RandomPet": randomPet,
  "random:index/randomInteger:RandomInteger": randomInteger,
  "random:index/randomShuffle:RandomShuffle": randomShuffle,
};

if (isMain(import.meta.filename)) {
  await serveProvider({ name: "random", version: sdk.version, resources: randomResources });
}
