import { z } from "zod";
import { isDuration, seconds } from "../../infra/core/units.ts";
import { wrong } from "./options.ts";

const schema = z.object({
  id: z.string().min(1),
  time: z.iso.datetime({ offset: true }),
  verified: z.boolean(),
  rpo: z.string().refine(isDuration, "a duration such as 24 h"),
  stack: z.string().optional(),
});

/** Proof of a backup, as `./fidus backup status --json` writes it. */
export interface Evidence {
  readonly id: string;
  /** When the copy was made. */
  readonly time: string;
  /** It was read back. */
  readonly verified: boolean;
  /** Most that may be lost; an older copy proves nothing. */
  readonly rpoSeconds: number;
  /** Stack it belongs to; null where it does not say. */
  readonly stack: string | null;
}

/** Throws InvalidInputError for anything else; `path` is the file in the message. */
export function parseEvidence(text: string, path: string): Evidence {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw wrong(path, "no JSON document", "the output of a backup's status", "See docs/cost-card.md.");
  }
  const read = schema.safeParse(json);
  if (!read.success) {
    const [issue] = read.error.issues;
    throw wrong([path, ...(issue?.path ?? [])].join("."), undefined, issue?.message ?? "evidence", "See docs/cost-card.md.");
  }
  const { id, time, verified, rpo, stack = null } = read.data;
  return { id, time, verified, rpoSeconds: seconds(rpo), stack };
}

/** Why it proves nothing for this stack now; null when it does. A date alone counts as its first minute. */
export function evidenceProblem({ id, time, verified, rpoSeconds, stack }: Evidence, today: string, of: string): string | null {
  const age = (Date.parse(today) - Date.parse(time)) / 1000;
  if (stack !== null && stack !== of) return `backup ${id} is of stack ${stack}`;
  if (!verified) return `backup ${id} was never verified`;
  // A date has no hours: a backup of the same day is not from the future.
  const slack = today.length === 10 ? 86_400 : 0;
  if (age < -slack) return `backup ${id} is from the future`;
  return age <= rpoSeconds ? null : `backup ${id} is ${Math.round(age / 3600)} h old, ${rpoSeconds / 3600} h are allowed`;
}
