import { parsePhoneNumberFromString, type CountryCode } from "libphonenumber-js/max";
import validator from "validator";
import { matches, type Detector, type Effort, type Span } from "../kinds.ts";

const localPart = /[\p{L}\p{N}._%+'-]+$/u;
const host = /^[\p{L}\p{N}.-]+/u;
/** Limits of RFC 5321. */
const longestLocalPart = 64;
const longestHost = 253;

export const email: Detector = {
  kind: "EMAIL",
  *find(text): Generator<Span> {
    for (let at = text.indexOf("@"); at !== -1; at = text.indexOf("@", at + 1)) {
      if (text[at + 1] === "@" || text[at - 1] === "@") continue;
      const before = localPart.exec(text.slice(Math.max(0, at - longestLocalPart), at))?.[0].replace(/^[.'-]+/, "") ?? "";
      const after = host.exec(text.slice(at + 1, at + 1 + longestHost))?.[0].replace(/[.-]+$/, "") ?? "";
      if (before === "" || !after.includes(".")) continue;
      if (validator.isEmail(`${before}@${after}`)) yield { start: at - before.length, end: at + 1 + after.length };
    }
  },
};

/** Where a number without its country's code may belong: the locales of our corpus and their neighbours. */
const regions: readonly CountryCode[] = ["DE", "FR", "GB", "AT", "CH"];
const international = /(?<![\w.+])(?:\+|(?<!\d )00)[1-9][\d ()/.\u2011\u2013-]{5,22}\d(?![\w])/g;
const national = /(?<![\w.,/+:€$£-]|\d )\(?0[1-9][\d ()/.\u2011\u2013-]{5,16}\d(?![\w])/g;
const american = /(?<![\w.-])(?:\(\d{3}\) ?|\d{3}[-. ])\d{3}[-. ]\d{4}(?![\w-])/g;
const date = /^\d{1,4}[./-]\d{1,2}[./-]\d{1,4}(?: |$)/;

export const phone: Detector = {
  kind: "PHONE",
  *find(text, effort): Generator<Span> {
    yield* matches(text, international, (value) => isPhone(effort, value.replace(/^00/, "+")));
    yield* matches(text, national, (value) => !date.test(value) && enoughDigits(value) && isPhone(effort, value, regions));
    yield* matches(text, american, (value) => isPhone(effort, value, ["US"]));
  },
};

/** Shorter ones are too often something else. */
function enoughDigits(value: string): boolean {
  const digits = value.replace(/\D/g, "").length;
  return digits >= 9 && digits <= 13;
}

/**
 * With its country's code a number of the right length is one: new ranges are given out faster than tables are.
 * @param regions those it may belong to when it names no country; then it must be valid there
 */
function isPhone(effort: Effort, value: string, regions: readonly CountryCode[] = []): boolean {
  if (effort.checks <= 0) return true;
  effort.checks -= 1;
  if (regions.length === 0) return parsePhoneNumberFromString(value, { extract: false })?.isPossible() ?? false;
  return regions.some(
    (defaultCountry) => parsePhoneNumberFromString(value, { extract: false, defaultCountry })?.isValid() ?? false,
  );
}
