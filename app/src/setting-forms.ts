/** The forms that values of environment variables take: each reads a text into what the program works with. */
import { isIP } from "node:net";
import { z } from "zod";
import { parseUsd } from "./budget/money.ts";
import { parsePrices } from "./budget/prices.ts";
import { isServerAddress, sentinelOptions } from "./redis-address.ts";

/** Values copied from examples and documentation: a deployment that carries one is open to anybody. */
const placeholder = /^(change[-_ ]?me|secret|password|example|placeholder|your[-_ ].*|todo|x+|\*+)$/i;

const wholeNumber = (min: number, max: number): z.ZodType<number, string> =>
  z
    .string()
    .regex(/^\d{1,10}$/)
    .transform(Number)
    .refine((n) => n >= min && n <= max);
export const boolean = z.enum(["true", "false"]).transform((text) => text === "true");
export const httpUrl = z
  .string()
  .refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol))
  .transform((text) => text.replace(/\/+$/, ""));
/** Scheme, host and port: what sign-in compares the browser's word with. */
export const origin = httpUrl
  .refine((text) => `${new URL(text).origin}/` === new URL(text).href)
  .transform((text) => new URL(text).origin);
export const issuer = httpUrl
  .refine((text) => text.startsWith("https:") || ["localhost", "127.0.0.1", "[::1]"].includes(new URL(text).hostname))
  .transform((text) => new URL(text));
export const urlWith = (...protocols: string[]): z.ZodType<string, string> =>
  z.string().refine((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol));
export const redisUrl = z.string().refine((text) => sentinelOptions(text) !== null || isServerAddress(text));
const list = (separator: string) =>
  z.string().transform((text) =>
    text
      .split(separator)
      .map((part) => part.trim())
      .filter((part) => part !== ""),
  );
/** Only well-formed here; the table's own schema says what belongs into it (llm/table.ts). */
export const json = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    context.addIssue({ code: "custom" });
    return z.NEVER;
  }
});
export const key32 = z
  .string()
  .min(32)
  .refine((text) => !placeholder.test(text) && new Set(text).size >= 8);
export const keyRing = z
  .string()
  .transform((text) => text.split(/\s+/).filter((key) => key !== ""))
  .pipe(z.array(key32.refine(isOneKey)).min(1))
  .refine((keys) => new Set(keys).size === keys.length);
/** A key may hold a comma; two keys with one between them are meant as two. */
function isOneKey(text: string): boolean {
  return text.split(/[,;]/).filter((part) => key32.safeParse(part).success).length < 2;
}
export const apiKey = z
  .string()
  .min(1)
  .refine((text) => !placeholder.test(text));
export const origins = list(";").refine((parts) => parts.every((part) => URL.canParse(part) && new URL(part).origin === part));
export const proxies = list(",").refine((parts) => parts.every(isProxy));

/** As proxy-addr takes them, which throws at the start otherwise: a word, an address, or a network with the length of its prefix. */
function isProxy(text: string): boolean {
  if (["loopback", "linklocal", "uniquelocal"].includes(text)) return true;
  const [, address = "", prefix = ""] = /^([\da-f.:]+)(?:\/(\d{1,3}))?$/i.exec(text) ?? [];
  const version = isIP(address);
  return version !== 0 && (prefix === "" || (Number(prefix) >= 1 && Number(prefix) <= (version === 4 ? 32 : 128)));
}

/** An amount in USD as nano-USD; "none" is no limit. */
export const usdOrNone = z.string().transform((text, ctx) => {
  if (text === "none") return null;
  const amount = parseUsd(text);
  if (amount === null) ctx.addIssue("not an amount");
  return amount;
});
const none = z.literal("none").transform(() => null);

interface Counted<T> {
  readonly schema: z.ZodType<T, string>;
  readonly rule: string;
}
/** A whole number of `what`, and the rule that names its range. */
export const count = (what: string, min: number, max: number): Counted<number> => ({
  schema: wholeNumber(min, max),
  rule: `${what} from ${min} to ${max}`,
});
/** As `count`; "none" is no limit. */
export const countOrNone = (what: string, min: number, max: number): Counted<number | null> => ({
  schema: z.union([none, wholeNumber(min, max)]),
  rule: `${what} from ${min} to ${max}, or none`,
});
export const prices = z.string().transform((text, ctx) => {
  const table = parsePrices(text);
  if (table === null) ctx.addIssue("not a price table");
  return table ?? new Map<string, never>();
});
