import { AppError, type ErrorCode } from "../errors.ts";
import type { QueueName } from "./queues.ts";

/** One kind of work. */
export interface Job {
  readonly queue: QueueName;
  /** When it is due by itself: a cron expression, UTC; and when a worker starts. @default only when it was enqueued */
  readonly every?: string;
  /**
   * Does the work. It may run again with the same data, and may be cut anywhere: whatever it writes must bear both.
   * Throws to be tried again later. `signal` fires when the worker stops or the work is somebody else's by now.
   */
  readonly run: (data: unknown, signal: AbortSignal) => Promise<void>;
}

/** What another attempt would not change: money, consent, and models that are not there. */
const lasting: readonly ErrorCode[] = [
  "budget_exhausted",
  "cloud_not_allowed",
  "model_not_found",
  "unsupported_endpoint",
  "runtime_refused",
];

/** True for a failure that no further attempt mends. */
export function isLasting(error: unknown): boolean {
  return error instanceof AppError && lasting.includes(error.code);
}
