import { isIP, isIPv4, isIPv6 } from "node:net";
import type { Wire, WireMap } from "../../../toolchain/providers/values.ts";
import type { ValueRule } from "./types.ts";

/** Any value of the SDK's type. */
export const anything: ValueRule = { rule: "any value of its type", ok: () => true };

/** A text that a pattern matches. */
export function matching(pattern: RegExp, rule: string): ValueRule {
  return { rule, ok: (value) => typeof value === "string" && pattern.test(value) };
}

export function oneOf(...allowed: readonly Wire[]): ValueRule {
  return { rule: `one of ${allowed.join(", ")}`, ok: (value) => allowed.includes(value) };
}

export function wholeNumber(low: number, high: number): ValueRule {
  return { rule: `a whole number from ${low} to ${high}`, ok: (value) => isWhole(value) && value >= low && value <= high };
}

function isWhole(value: Wire): value is number {
  return typeof value === "number" && Number.isSafeInteger(value);
}

/** The id of another resource as a number. */
export function numericIdOf(refersTo: string): ValueRule {
  return { rule: `the id of a ${shortName(refersTo)}, a whole number`, ok: (value) => isWhole(value) && value > 0, refersTo };
}

/** The id of another resource as a text. */
export function idOf(refersTo: string, pattern: RegExp): ValueRule {
  return { ...matching(pattern, `the id of a ${shortName(refersTo)}`), refersTo };
}

function shortName(token: string): string {
  return token.split(":")[2] ?? token;
}

export const hostName = matching(
  /^(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*$/,
  "a host name of lower-case labels",
);

export const publicKey = matching(/^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp\d+) [\w+/=]+( [^\n]*)?$/, "an OpenSSH public key");

export const port: ValueRule = wholeNumber(1, 65_535);

export const ipv4: ValueRule = { rule: "an IPv4 address", ok: (value) => typeof value === "string" && isIPv4(value) };

export const ip: ValueRule = { rule: "an IP address", ok: (value) => typeof value === "string" && isIP(value) !== 0 };

/** An address range whose host bits are zero. */
export const cidr: ValueRule = {
  rule: "an address range in CIDR form, host bits zero",
  ok: (value) => cidrBits(value) !== undefined,
};

/** An IPv4 range with a prefix of a length between the two. */
export function ipv4Range(shortest: number, longest: number): ValueRule {
  return {
    rule: `an IPv4 range in CIDR form with a prefix of ${shortest} to ${longest} bits, host bits zero`,
    ok: (value) => {
      const bits = cidrBits(value);
      return bits !== undefined && String(value).includes(".") && bits >= shortest && bits <= longest;
    },
  };
}

/** Length of the prefix; undefined when the value is no range or has host bits. */
function cidrBits(value: Wire): number | undefined {
  const [, address = "", length = ""] = typeof value === "string" ? (/^([^/]+)\/(\d{1,3})$/.exec(value) ?? []) : [];
  const bits = Number(length);
  const width = isIPv4(address) ? 32 : isIPv6(address) ? 128 : 0;
  if (width === 0 || length === "" || bits > width) return undefined;
  const host = BigInt(width - bits);
  return (addressNumber(address) >> host) << host === addressNumber(address) ? bits : undefined;
}

function addressNumber(address: string): bigint {
  if (isIPv4(address)) return address.split(".").reduce((sum, part) => (sum << 8n) + BigInt(part), 0n);
  const [head = "", tail] = address.split("::");
  const groups = (text: string | undefined): string[] => (text === undefined || text === "" ? [] : text.split(":"));
  const missing = tail === undefined ? 0 : 8 - groups(head).length - groups(tail).length;
  const all = [...groups(head), ...Array<string>(missing).fill("0"), ...groups(tail)];
  return all.reduce((sum, group) => (sum << 16n) + BigInt(`0x${group}`), 0n);
}

/** Labels as Hetzner takes them: short keys and values of a few characters. */
export const labels: ValueRule = {
  rule: "labels whose keys and values have at most 63 of the characters a-z A-Z 0-9 . _ -, beginning and ending with a letter or digit",
  ok: (value) =>
    isMap(value) && Object.entries(value).every(([key, text]) => labelKey.test(key) && labelValue.test(String(text))),
};
const labelKey = /^([a-z0-9.-]{1,253}\/)?[a-zA-Z0-9]([\w.-]{0,61}[a-zA-Z0-9])?$/;
const labelValue = /^([a-zA-Z0-9]([\w.-]{0,61}[a-zA-Z0-9])?)?$/;

function isMap(value: Wire): value is WireMap {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

/** An IPv4 address that nobody routes (RFC 2544), the same for the same number. */
export function someIpv4(number: number): string {
  return `198.18.${Math.floor(number / 250)}.${(number % 250) + 1}`;
}

/** A documentation IPv6 network of 64 bits, the same for the same number. */
export function someIpv6Network(number: number): string {
  return `2001:db8:${number.toString(16)}::`;
}
