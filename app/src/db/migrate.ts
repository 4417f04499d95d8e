import { readdir } from "node:fs/promises";
import { runner } from "node-pg-migrate";
import pg from "pg";

const table = "schema_migrations";
/** Any constant: one runner per database at a time. */
const lockId = 7_203_118_401;

/** What is applied and what this program carries. Versions are the numbers file names start with; 0 is an empty database. */
export interface MigrationStatus {
  readonly version: number;
  readonly latest: number;
  readonly pending: readonly string[];
  /** Applied migrations this program does not know: the database belongs to a newer one. */
  readonly unknown: readonly string[];
}

/** What a run did. */
export interface MigrationResult {
  readonly from: number;
  readonly to: number;
  readonly applied: readonly string[];
}

/** Thrown when a migration fails: names it and keeps PostgreSQL's own words. */
export class MigrationError extends Error {
  constructor(migration: string, cause: unknown) {
    const text = cause instanceof Error ? cause.message : String(cause);
    super(`migration ${migration}: ${text}. The ones before it are applied; correct it and run migrate again.`, { cause });
    this.name = "MigrationError";
  }
}

/** Thrown when the database was migrated by a newer program; nothing was changed. */
export class NewerDatabaseError extends Error {
  constructor({ version, latest, unknown }: MigrationStatus) {
    super(
      `database: got schema ${version} (${unknown.join(", ")}); needs ${latest} or older. ` +
        "Start the version that made it, or restore the backup taken before the upgrade.",
    );
    this.name = "NewerDatabaseError";
  }
}

/** Reads the state without changing anything. */
export async function migrationStatus(databaseUrl: string, folder: string): Promise<MigrationStatus> {
  return withClient(databaseUrl, (client) => readStatus(client, folder));
}

/**
 * Applies every pending migration, each in its own transaction, as the only runner on this database.
 * A run that was killed leaves whole migrations only, so running it again completes it.
 * @throws MigrationError, NewerDatabaseError
 */
export async function migrate(databaseUrl: string, folder: string): Promise<MigrationResult> {
  return withClient(databaseUrl, async (client) => {
    await client.query("SELECT pg_advisory_lock($1)", [lockId]);
    const before = await readStatus(client, folder);
    if (before.unknown.length > 0) throw new NewerDatabaseError(before);
    for (const name of before.pending) await applyOne(client, folder, name);
    const after = await readStatus(client, folder);
    return { from: before.version, to: after.version, applied: before.pending };
  });
}

async function applyOne(client: pg.Client, folder: string, name: string): Promise<void> {
  const silent = (): void => {};
  try {
    // The lock is ours already: held over the whole run and released with the connection.
    await runner({
      dbClient: client,
      dir: folder,
      migrationsTable: table,
      direction: "up",
      count: 1,
      noLock: true,
      checkOrder: true,
      singleTransaction: false,
      log: silent,
    });
  } catch (error) {
    throw new MigrationError(name, error);
  }
}

async function readStatus(client: pg.Client, folder: string): Promise<MigrationStatus> {
  const files = (await readdir(folder)).filter((file) => file.endsWith(".sql")).map((file) => file.replace(/\.sql$/, ""));
  const known = files.sort((a, b) => versionOf(a) - versionOf(b));
  const exists = await client.query<{ found: boolean }>("SELECT to_regclass($1) IS NOT NULL AS found", [table]);
  const rows = exists.rows[0]?.found
    ? await client.query<{ name: string }>(`SELECT name FROM ${table} ORDER BY id`)
    : { rows: [] };
  const applied = rows.rows.map(({ name }) => name);
  return {
    version: Math.max(0, ...applied.map(versionOf)),
    latest: Math.max(0, ...known.map(versionOf)),
    pending: known.filter((name) => !applied.includes(name)),
    unknown: applied.filter((name) => !known.includes(name)),
  };
}

function versionOf(name: string): number {
  return Number.parseInt(name, 10);
}

async function withClient<T>(databaseUrl: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({
    connectionString: databaseUrl,
    connectionTimeoutMillis: 10_000,
    application_name: "fidus-migrate",
  });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
