import pg from "pg";
import type { Logger } from "../log.ts";

export type Db = pg.Pool;
/** A pool or one client: whatever runs a statement. */
export type Queryable = Pick<pg.Pool, "query"> | Pick<pg.PoolClient, "query">;

/** PostgreSQL error codes the app gives a meaning to. */
export const pgCodes = { uniqueViolation: "23505", foreignKeyViolation: "23503" } as const;

/** A pool of at most `max` connections. Connects lazily; statements and connects (`connectMs`) are bounded in time. */
export function createPool(databaseUrl: string, log: Logger, max = 10, connectMs = 5_000): Db {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max,
    connectionTimeoutMillis: connectMs,
    idleTimeoutMillis: 30_000,
    statement_timeout: 15_000,
    query_timeout: 20_000,
    application_name: "fidus",
  });
  // Without listeners a lost connection would end the process: an idle one here, one between two statements of a transaction there.
  pool.on("error", (error) => log.warn({ err: error }, "lost an idle database connection"));
  pool.on("connect", (client) => client.on("error", (error) => log.warn({ err: error }, "lost a database connection")));
  return pool;
}

/** Tells how long each statement took, in milliseconds, whoever runs it on this pool. */
export function timeQueries(pool: Db, took: (ms: number) => void): void {
  pool.on("connect", (client) => {
    const query = client.query.bind(client) as (...args: unknown[]) => unknown;
    const timed = (...args: unknown[]): unknown => {
      const started = performance.now();
      const note = (): void => took(performance.now() - started);
      const callback = args.at(-1);
      if (typeof callback !== "function") {
        const result = query(...args);
        if (result instanceof Promise) result.then(note, note);
        return result;
      }
      return query(...args.slice(0, -1), (...results: unknown[]) => {
        note();
        (callback as (...results: unknown[]) => void)(...results);
      });
    };
    client.query = timed as typeof client.query;
  });
}

/** Runs `work` in one transaction: committed when it resolves, rolled back when it throws. */
export async function transaction<T>(db: Db, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await db.connect();
  let broken: Error | undefined;
  try {
    await client.query("BEGIN");
    const result = await work(client);
    await client.query("COMMIT");
    return result;
  } catch (error) {
    await client.query("ROLLBACK").catch((rollbackError: Error) => (broken = rollbackError));
    throw error;
  } finally {
    client.release(broken);
  }
}

/** The SQLSTATE of a PostgreSQL error, else null. */
export function pgCode(error: unknown): string | null {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === "string" ? code : null;
}

/** A value that PostgreSQL cannot read or keep, class 22: the same statement without it would do. */
export function isDataException(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" && /^22[0-9A-Z]{3}$/.test(code);
}
