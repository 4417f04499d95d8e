import type { Db } from "../db/pool.ts";
import type { Logger } from "../log.ts";
import { DataKeys } from "../privacy/data-keys.ts";
import { finishErasures } from "../privacy/erase.ts";
import { encryptionStatus, rewrapDataKeys, sealOldRows } from "../privacy/jobs.ts";
import type { KeyRing } from "../privacy/ring.ts";

/** One round of what privacy needs done beside requests. Each part runs even if another fails; the next round tries again. */
export async function protect(
  { db, ring, log }: { readonly db: Db; readonly ring: KeyRing; readonly log: Logger },
  signal: AbortSignal,
): Promise<void> {
  const parts = {
    "people erased who were still there": () => finishErasures(db),
    "rows sealed that were in clear": () => sealOldRows(db, new DataKeys(db, ring), signal),
    "data keys wrapped by the newest key": () => rewrapDataKeys(db, ring, signal),
    "data keys that no key of ENCRYPTION_KEY opens": async () => (await encryptionStatus(db, ring)).lost,
  };
  for (const [what, part] of Object.entries(parts)) {
    try {
      const count = await part();
      if (count > 0) log.warn({ count }, what);
    } catch (error) {
      if (!signal.aborted) log.warn({ err: error }, `could not look after: ${what}; next attempt in a minute`);
    }
  }
}
