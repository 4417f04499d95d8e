import { email, phone } from "./detectors/contact.ts";
import { credentials, ip } from "./detectors/network.ts";
import { card, iban, socialId, taxId } from "./detectors/numbers.ts";
import { address, name } from "./detectors/people.ts";
import { secret } from "./detectors/secrets.ts";
import { vatId } from "./detectors/vat.ts";
import { kinds, type Detector, type Effort, type Kind, type Span } from "./kinds.ts";

const detectors: readonly Detector[] = [
  ...[secret, credentials, email, iban, card, socialId, taxId, vatId, ip, phone, address, name],
];

export interface Found extends Span {
  readonly kind: Kind;
}

/** Nothing that is looked for is shorter. */
const shortest = 5;

/** A request has so many phone numbers checked by the library, 0.2 ms each; what looks like one behind them counts as one. */
export function newEffort(): Effort {
  return { checks: 500 };
}

/** All personal data in a text, in order and without overlaps: where two meet, both together are the kind that comes first. */
export function detect(text: string, effort: Effort = newEffort()): Found[] {
  if (text.length < shortest) return [];
  const all = detectors.flatMap(({ kind, find }) =>
    [...find(text, effort)].map(({ start, end }): Found => ({ kind, start, end })),
  );
  const merged: Found[] = [];
  for (const found of all.sort((a, b) => a.start - b.start)) {
    const last = merged.at(-1);
    if (last === undefined || found.start >= last.end) merged.push(found);
    else merged[merged.length - 1] = union(last, found);
  }
  return merged;
}

function union(one: Found, other: Found): Found {
  const kind = kinds.indexOf(other.kind) < kinds.indexOf(one.kind) ? other.kind : one.kind;
  return { kind, start: one.start, end: Math.max(one.end, other.end) };
}
