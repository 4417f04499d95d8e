import { setTimeout as sleep } from "node:timers/promises";

/** Attempts beyond the first at one runtime. */
export const retries = 2;
const baseMs = 100;
/** A runtime that wants a longer pause gets it from the caller: the wait is passed on. */
const longestWaitMs = 2_000;

/**
 * Milliseconds to wait before attempt `attempt` (1, 2 …), or null: do not try again. Without Retry-After the wait is random between
 * half and all of 100, 200 … ms, so that callers who failed together do not come back together.
 */
export function waitMs(attempt: number, retryAfter: number | null, random: () => number = Math.random): number | null {
  if (attempt > retries) return null;
  const jittered = baseMs * 2 ** (attempt - 1) * (0.5 + random() / 2);
  if (retryAfter === null) return jittered;
  const asked = retryAfter * 1_000;
  return asked > longestWaitMs ? null : asked + jittered;
}

/** Waits. @throws the signal's reason when it aborts first */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {
    throw signal.reason;
  });
}

/** Seconds of a Retry-After header, a number or a date; null when there is none that makes sense. */
export function readRetryAfter(header: string | string[] | undefined, now: number = Date.now()): number | null {
  if (typeof header !== "string" || header.trim() === "") return null;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return seconds >= 0 ? seconds : null;
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, Math.ceil((date - now) / 1_000));
}
