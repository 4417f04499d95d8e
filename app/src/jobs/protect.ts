import type { Logger } from "../log.ts";
import type { DataKeys } from "../privacy/data-keys.ts";
import { finishErasures, type Holdings } from "../privacy/erase.ts";
import { encryptionStatus, rewrapDataKeys, sealOldRows } from "../privacy/jobs.ts";
import type { KeyRing } from "../privacy/ring.ts";

export interface ProtectContext extends Holdings {
  readonly ring: KeyRing;
  readonly dataKeys: DataKeys;
  readonly log: Logger;
}

/**
 * The job `protect`: one round of what privacy needs done beside requests. Each part runs even if another fails.
 * @throws AggregateError at the end, when one did
 */
export async function protect(ctx: ProtectContext, signal: AbortSignal): Promise<void> {
  const { db, ring, dataKeys, log } = ctx;
  const failures: unknown[] = [];
  const parts = {
    "people erased who were still there": () => finishErasures(ctx),
    "rows sealed that were in clear": () => sealOldRows(db, dataKeys, signal),
    "data keys wrapped by the newest key": () => rewrapDataKeys(db, ring, signal),
    "data keys that no key of ENCRYPTION_KEY opens": async () => (await encryptionStatus(db, ring)).lost,
  };
  for (const [what, part] of Object.entries(parts)) {
    try {
      const count = await part();
      if (count > 0) log.warn({ count }, what);
    } catch (error) {
      failures.push(error);
      if (!signal.aborted) log.warn({ err: error }, `could not look after: ${what}; it is tried again`);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, "privacy was not looked after in full");
}
