import { z } from "zod";
import { isDuration, seconds } from "../../infra/core/units.ts";
import { wrong } from "./options.ts";

const schema = z.object({
  id: z.string().min(1),
  time: z.iso.datetime({ offset: true }),
  verified: z.boolean(),
  rpo: z.string().refine(isDuration, "a duration such as 24 h").optional(),
  stack: z.string().optional(),
});

/** Proof of a backup. Nothing of Fidus writes it yet: whoever makes the backup does. */
export interface Evidence {
  readonly id: string;
  /** When the copy was made. */
  readonly time: string;
  /** It was read back. */
  readonly verified: boolean;
  /** Most that may be lost; an older copy proves nothing. null: what the edition promises. */
  readonly rpoSeconds: number | null;
  /** Stack it belongs to; null where it does not say. */
  readonly stack: string | null;
}

/** Throws InvalidInputError for anything else; `path` is the file in the message. */
export function parseEvidence(text: string, path: string): Evidence {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw wrong(path, "no JSON document", "a proof of a backup", "See docs/cost-card.md.");
  }
  const read = schema.safeParse(json, { reportInput: true });
  if (!read.success) {
    const [issue] = read.error.issues;
    throw wrong([path, ...(issue?.path ?? [])].join("."), issue?.input, issue?.message ?? "evidence", "See docs/cost-card.md.");
  }
  const { id, time, verified, rpo, stack = null } = read.data;
  return { id, time, verified, rpoSeconds: rpo === undefined ? null : seconds(rpo), stack };
}

/** What each edition promises to lose at most (docs/editions.md); enterprise copies continuously, in files of minutes. */
const promised: Readonly<Record<string, number>> = {
  community: seconds("24 h"),
  starter: seconds("12 h"),
  pro: seconds("1 h"),
  enterprise: seconds("5 min"),
};

/** Where a proof is to hold. */
export interface Occasion {
  readonly stack: string;
  /** Of the stack's config; null where it names none. */
  readonly edition: string | null;
  /** ISO date or time; of a date its whole day counts. */
  readonly today: string;
}

/** Why it proves nothing here and now; null when it does. */
export function evidenceProblem({ id, time, verified, rpoSeconds, stack: of }: Evidence, occasion: Occasion): string | null {
  const { stack, edition, today } = occasion;
  const allowed = rpoSeconds ?? promised[edition?.split("-")[0] ?? ""];
  const age = (Date.parse(today) - Date.parse(time)) / 1000;
  if (of !== null && of !== stack) return `backup ${id} is of stack ${of}`;
  if (!verified) return `backup ${id} was never verified`;
  if (allowed === undefined) return `backup ${id} names no rpo, and the stack no edition`;
  // A date has no hours: a backup of the same day is not from the future.
  if (age < (today.length === 10 ? -seconds("24 h") : 0)) return `backup ${id} is from the future`;
  return age <= allowed ? null : `backup ${id} is ${Math.round(age / 3600)} h old, ${allowed / 3600} h are allowed`;
}
