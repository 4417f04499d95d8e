import { api, ApiError } from "../net/api.ts";

/** Waits before each attempt to read on after the connection was lost. */
const RETRIES_MS = [0, 500, 1_000, 2_000, 4_000, 8_000, 8_000];

/** How far an answer has been read. */
export interface AnswerPlace {
  readonly messageId: string;
  /** Characters that are there. */
  readonly length: number;
}

/**
 * Asks for the rest of an answer until it has ended, again and again while the connection fails; what came in between begins the waits
 * anew. False: it did not come. @param place null: there is no such answer any more @param read shows what comes
 */
export async function readOn(
  place: () => AnswerPlace | null,
  read: (response: Response) => Promise<"ended" | "cut">,
  signal: AbortSignal,
): Promise<boolean> {
  for (let attempt = 0; attempt < RETRIES_MS.length; attempt++) {
    await new Promise((resolve) => setTimeout(resolve, RETRIES_MS[attempt]));
    const from = place();
    if (from === null) return true;
    try {
      if ((await read(await api.events(from.messageId, from.length, signal))) === "ended") return true;
    } catch (error) {
      if (signal.aborted || !isTransient(error)) throw error;
    }
    if ((place()?.length ?? 0) > from.length) attempt = 0;
  }
  return false;
}

/** The network, a proxy whose API restarts, or an API that is not ready: worth another attempt. */
function isTransient(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 0 || error.status >= 500);
}
