import { countrySpecs, isValidIBAN } from "ibantools";
import idnr from "stdnum/lib/cjs/de/idnr.js";
import svnr from "stdnum/lib/cjs/de/svnr.js";
import nir from "stdnum/lib/cjs/fr/nir.js";
import ssn from "stdnum/lib/cjs/us/ssn.js";
import validator from "validator";
import { matches, type Detector, type Span } from "../kinds.ts";

const ibanLike = /(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}/gi;

/** What follows an IBAN may look like a part of it: its country says how long it is. */
export const iban: Detector = {
  kind: "IBAN",
  *find(text): Generator<Span> {
    for (const { 0: found, index } of text.matchAll(ibanLike)) {
      const characters = ibanLengths.get(found.slice(0, 2).toUpperCase());
      const end = characters === undefined ? null : endOf(found, characters);
      if (end === null || /[A-Za-z0-9]/.test(text[index + end] ?? "")) continue;
      if (isValidIBAN(found.slice(0, end).replaceAll(" ", "").toUpperCase())) yield { start: index, end: index + end };
    }
  },
};

const ibanLengths = new Map(Object.entries(countrySpecs).map(([country, { chars }]) => [country, chars]));

/** The place behind so many characters, spaces not counted; null: there are fewer. */
function endOf(text: string, characters: number): number | null {
  let left = characters;
  for (let at = 0; at < text.length; at++) if (text[at] !== " " && --left === 0) return at + 1;
  return null;
}

const cardLike = /(?<![\w.,+-])\d(?:[ -]?\d){11,18}(?![\w-]|[.,]\d)/g;

/** Known issuers and their lengths, and Luhn's checksum. */
export const card: Detector = {
  kind: "CARD",
  find: (text) => matches(text, cardLike, validator.isCreditCard),
};

const germanSocial = /(?<![\w-])\d{2} ?\d{6} ?[A-Z] ?\d{3}(?![\w-])/g;
const frenchSocial = /(?<![\w-])[12] ?\d{2} ?\d{2} ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}(?![\w-])/g;
const americanSocial = /(?<![\w-])\d{3}-\d{2}-\d{4}(?![\w-])/g;
const americanSocialBare = /\b(?:SSN|social security (?:number|no\.?))(?: is|:| )* ?(?<value>\d{9})(?!\d)/dgi;
const britishSocial =
  /(?<![\w-])(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D](?![\w-])/g;

/** Social-insurance numbers: Germany, France (checksums), the United States (ranges; nine bare digits only where the text names them), the United Kingdom. */
export const socialId: Detector = {
  kind: "SOCIALID",
  *find(text): Generator<Span> {
    yield* matches(text, germanSocial, (value) => svnr.validate(value).isValid);
    yield* matches(text, frenchSocial, (value) => nir.validate(value).isValid);
    yield* matches(text, americanSocial, (value) => ssn.validate(value).isValid);
    yield* matches(text, americanSocialBare, (value) => ssn.validate(value).isValid);
    yield* matches(text, britishSocial);
  },
};

const germanTax = /(?<![\w.,+-])[1-9]\d(?:[ /]?\d{3}){3}(?![\w-]|[.,]\d)/g;

export const taxId: Detector = {
  kind: "TAXID",
  find: (text) =>
    matches(text, germanTax, (value) => {
      const digits = value.replace(/\D/g, "");
      return oneDigitRepeats(digits.slice(0, 10)) && idnr.validate(digits).isValid;
    }),
};

/** Of the first ten digits of a German tax id exactly one occurs twice or three times. */
function oneDigitRepeats(digits: string): boolean {
  const counts = [..."0123456789"].map((digit) => digits.split(digit).length - 1).filter((count) => count > 1);
  return counts.length === 1 && (counts[0] ?? 0) <= 3;
}
