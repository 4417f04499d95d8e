import { matches, type Detector, type Span } from "../kinds.ts";

const word = "\\p{Lu}[\\p{Ll}\\p{M}]{1,24}";
const part = `${word}(?:[-'’]${word}){0,2}`;
const number = "\\d{1,4} ?[a-zA-Z]?(?![\\p{L}\\d])";

const german = new RegExp(
  `(?<![\\p{L}-])(?:(?:${part}[ -]){0,2}\\p{Lu}[\\p{Ll}]{1,24}(?:straße|strasse|str\\.|weg|platz|allee|gasse|ring|ufer|damm)|(?:${part}[ -]){1,3}(?:Straße|Strasse|Str\\.|Weg|Platz|Allee|Ring|Ufer)) ${number}(?:, \\d{5} ${part})?`,
  "gu",
);
const english = new RegExp(
  `(?<![\\p{L}\\d.,-])\\d{1,5}[a-zA-Z]? (?:${part} ){1,3}(?:Street|St\\.?|Avenue|Ave\\.?|Road|Rd\\.?|Lane|Drive|Boulevard|Blvd\\.?|Court|Terrace|Close|Crescent|Gardens)(?![\\p{L}])`,
  "gu",
);
const french = new RegExp(
  `(?<![\\p{L}\\d.,-])\\d{1,4}(?: ?(?:bis|ter))?,? (?:rue|avenue|boulevard|place|chemin|allée|impasse|quai|cours)(?: (?:de|du|des|la|le|les|l'|d')){0,3} ?(?:l'|d')?${part}(?:[ -]${part}){0,3}(?:, \\d{5} ${part})?`,
  "gu",
);

/** A street with a number, as Germans, British and Americans, and the French write it. A place without a street is none. */
export const address: Detector = {
  kind: "ADDRESS",
  *find(text): Generator<Span> {
    for (const pattern of [german, english, french]) yield* matches(text, pattern);
  },
};

const titles = "Herr|Herrn|Frau|Mr\\.?|Mrs\\.?|Ms\\.?|Miss|Monsieur|Madame|Mme|Mlle";
const introductions =
  "[Mm]ein Name ist|[Ii]ch heiße|[Ii]ch heisse|[Mm]y name is|[Mm]y name's|[Jj]e m'appelle|[Jj]e m’appelle|[Mm]on nom est";
const academic = "(?:(?:Dr|Prof)\\.? ){0,2}";
const named = new RegExp(
  `(?<![\\p{L}])(?:${titles}|${introductions}|Dr\\.|Prof\\.) ${academic}(?<value>${part}(?: (?:(?:von|van|de|der|di|du|le|la) ){0,2}${part}){0,2})`,
  "dgu",
);
/** They stand behind a title without being a name. */
const noName = new Set([
  "Präsident",
  "Präsidentin",
  "Minister",
  "Ministerin",
  "Doktor",
  "Professor",
  "President",
  "Bundeskanzler",
  "Right",
  "World",
]);

/** Names behind a title or an introduction only: without a list of all names of the world the rest would be guessing. */
export const name: Detector = {
  kind: "NAME",
  find: (text) => matches(text, named, (value) => !noName.has(value.split(" ")[0] ?? "")),
};
