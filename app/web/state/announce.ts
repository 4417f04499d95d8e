/** One polite live region for the whole page: short states and finished answers, never single tokens. */
import { signal } from "@preact/signals";

const ANNOUNCED_CHARACTERS = 600;

/** What the live region says now. */
export const announcement = signal("");

/** Says `text` to screen readers; the same text twice is said twice. */
export function announce(text: string): void {
  // A region whose text does not change stays silent, so a repeated sentence gets an invisible difference.
  announcement.value = announcement.value === text ? `${text}\u200b` : text;
}

/** Says what became of an answer, and its text as far as anybody wants to hear it unasked. */
export function announceAnswer(what: string | null, text: string): void {
  const spoken = text.length > ANNOUNCED_CHARACTERS ? `${text.slice(0, ANNOUNCED_CHARACTERS)} …` : text;
  announce([what, spoken].filter(Boolean).join(" "));
}
