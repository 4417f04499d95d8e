/** One polite live region for the whole page: short states and finished answers, never single tokens. */
import { signal } from "@preact/signals";

/** What the live region says now. */
export const announcement = signal("");

/** Says `text` to screen readers; the same text twice is said twice. */
export function announce(text: string): void {
  // A region whose text does not change stays silent, so a repeated sentence gets an invisible difference.
  announcement.value = announcement.value === text ? `${text}\u200b` : text;
}
