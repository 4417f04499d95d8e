import { createPool, type Db } from "../db/pool.ts";
import { createLogger } from "../log.ts";

/** Runs a one-shot command with a database pool of its own. */
export async function withDb<T>(databaseUrl: string, work: (db: Db) => Promise<T>): Promise<T> {
  // Silent: stdout carries the command's result, and a failure is thrown anyway. An operator waits longer than a request may.
  const db = createPool(databaseUrl, createLogger("silent", "command", ""), 1, 30_000);
  try {
    return await work(db);
  } finally {
    await db.end();
  }
}
