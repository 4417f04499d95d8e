import { isIPv4 } from "node:net";
import { closest, distance } from "fastest-levenshtein";
import { isCidr, isPrivate, isWide, prefixLength } from "../core/cidr.ts";
import { cents, gigabytes, isDuration, isMoney, isSize, seconds } from "../core/units.ts";
import type { KeySpec } from "./spec.ts";

/** The value of a key's text, or undefined when the text breaks the key's rule. */
export function convert(spec: KeySpec, text: string): unknown {
  switch (spec.type) {
    case "choice":
      return spec.allowed?.includes(text) === true ? text : undefined;
    case "choices":
      return listOf(text, (entry) => spec.allowed?.includes(entry) === true);
    case "list":
      return listOf(text, (entry) => spec.form?.pattern.test(entry) !== false);
    case "cidrs":
      return listOf(text, (entry) => isCidr(entry) && !isWide(entry));
    case "integer":
    case "port":
      return /^-?\d{1,15}$/.test(text) && inRange(spec, Number(text)) ? Number(text) : undefined;
    case "boolean":
      return text === "true" ? true : text === "false" ? false : undefined;
    case "address":
      return isIPv4(text) ? text : undefined;
    case "url":
      return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) ? text : undefined;
    case "domain":
      return isHostName(text) ? text : undefined;
    case "email":
      return /^[^\s@,"]+@[^\s@,"]+$/.test(text) ? text : undefined;
    case "map":
      return stringMap(text);
    case "json":
      return jsonObject(text);
    case "size":
      return isSize(text) && inRange(spec, gigabytes(text)) ? text : undefined;
    case "duration":
      return isDuration(text) && inRange(spec, seconds(text)) ? text : undefined;
    case "money":
      return isMoney(text) && sameCurrency(spec, text) && inRange(spec, cents(text).cents) ? text : undefined;
    case "cidr":
      return isCidr(text) && isPrivate(text) && inRange(spec, prefixLength(text)) ? text : undefined;
    case "string":
      return text.trim() !== "" && spec.form?.pattern.test(text) !== false ? text : undefined;
    default:
      return spec.type satisfies never;
  }
}

/** The key's rule in words, as messages and docs/configuration.md show it. */
export function ruleOf(spec: KeySpec): string {
  const [low, high] = bounds(spec);
  const allowed = (spec.allowed ?? []).join(", ");
  switch (spec.type) {
    case "choice":
      return `one of ${allowed}`;
    case "choices":
      return `one or more of ${allowed}, each once, separated by commas`;
    case "list":
      return `${spec.form?.rule ?? "a text"}, or several separated by commas`;
    case "cidrs":
      return "networks such as 203.0.113.0/24, their host bits zero, separated by commas, and none wider than /8 (IPv6 /16)";
    case "integer":
    case "port":
      return `a whole number from ${low} to ${high}`;
    case "boolean":
      return "true or false";
    case "address":
      return "an IPv4 address of this machine or 0.0.0.0 (IPv6 is not supported)";
    case "url":
      return "an http:// or https:// URL";
    case "domain":
      return "a host name in lower case, without https:// or a port";
    case "email":
      return "an e-mail address";
    case "map":
      return "a JSON object of texts";
    case "json":
      return "a JSON object";
    case "size":
      return `a size from ${low} to ${high}, written like 40 GB`;
    case "duration":
      return `a time from ${low} to ${high}, written like 60 s, 15 min, 12 h or 30 days`;
    case "money":
      return `an amount from ${low} to ${high}`;
    case "cidr":
      return `a private network with a prefix of /${low} to /${high}, its host bits zero`;
    case "string":
      return spec.form?.rule ?? "a text that is not empty";
    default:
      return spec.type satisfies never;
  }
}

/** A value that the key accepts, or shows what one looks like: the allowed one that was meant, the default, the example. */
export function exampleOf(spec: KeySpec, got?: string): string {
  const meant = got === undefined ? null : nearest(got, spec.allowed ?? []);
  if (meant !== null) return meant;
  if (spec.default !== undefined && spec.default !== null) return String(spec.default);
  return spec.example ?? spec.allowed?.[0] ?? "VALUE";
}

/** The candidate that a mistyped word stands for, whatever its case; null when none resembles it. */
export function nearest(word: string, candidates: readonly string[]): string | null {
  const byLowerCase = new Map(candidates.map((candidate) => [candidate.toLowerCase(), candidate]));
  if (byLowerCase.size === 0) return null;
  const found = closest(word.toLowerCase(), [...byLowerCase.keys()]);
  return distance(word.toLowerCase(), found) <= Math.max(1, word.length / 3) ? (byLowerCase.get(found) ?? null) : null;
}

/** Entries separated by commas, each accepted and none twice. */
function listOf(text: string, accepts: (entry: string) => boolean): readonly string[] | undefined {
  const entries = text.split(",").map((entry) => entry.trim());
  return entries.every((entry) => entry !== "" && accepts(entry)) && new Set(entries).size === entries.length
    ? Object.freeze(entries)
    : undefined;
}

/** Source: RFC 1123 §2.1, host names of 253 characters at most, their last label no number: that is an address. The name stands in configuration files as it is. */
function isHostName(text: string): boolean {
  const label = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
  return text.length <= 253 && new RegExp(`^(?:${label}\\.)*(?!\\d+$)${label}$`).test(text);
}

function stringMap(text: string): Readonly<Record<string, string>> | undefined {
  const value = jsonObject(text);
  return value !== undefined && Object.values(value).every((entry) => typeof entry === "string")
    ? (value as Record<string, string>)
    : undefined;
}

function jsonObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

type Bounds = readonly [low: number | string, high: number | string];

function bounds(spec: KeySpec): Bounds {
  return spec.between ?? (spec.type === "port" ? [1, 65_535] : [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER]);
}

function inRange(spec: KeySpec, amount: number): boolean {
  const [low, high] = bounds(spec).map((bound) => amountOf(bound));
  return amount >= (low ?? Number.NaN) && amount <= (high ?? Number.NaN);
}

/** A bound in the unit its type is compared in. */
function amountOf(bound: number | string): number {
  if (typeof bound === "number") return bound;
  if (isSize(bound)) return gigabytes(bound);
  if (isDuration(bound)) return seconds(bound);
  return isMoney(bound) ? cents(bound).cents : Number.NaN;
}

function sameCurrency(spec: KeySpec, text: string): boolean {
  return bounds(spec).every((bound) => String(bound).split(" ")[1] === text.split(" ")[1]);
}
