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
  /** Oldest schema whose application serves all that is in the database (decision 0027); before 0015 none but its own. */
  readonly floor: number;
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

/** Thrown when the database was migrated by a newer program, and this one cannot serve what is in it; nothing was changed. */
export class NewerDatabaseError extends Error {
  constructor({ version, latest, unknown, floor }: MigrationStatus) {
    super(
      `database: got schema ${version} (${unknown.join(", ")}), which works with applications of schema ${floor} or newer; ` +
        `this one has ${latest}. Start the version that made it, or restore the backup taken before the update ` +
        "into an empty database (pg_restore): docs/community.md, Undo an update.",
    );
    this.name = "NewerDatabaseError";
  }
}

/** Thrown when the database cannot be reached or does not let us in: names the setting and the address, without the password. */
export class NoDatabaseError extends Error {
  constructor({ host, port, user, database }: pg.Client, cause: unknown) {
    const { message, code } = cause as NodeJS.ErrnoException;
    super(
      `DATABASE_URL: got ${host}:${port}, database ${database ?? ""}, user ${user ?? ""}; needs a PostgreSQL that lets us in ` +
        // Of a name with several addresses the text is empty.
        `(${message === "" ? code : message}). Start it or correct the setting, then run migrate again.`,
      { cause },
    );
    this.name = "NoDatabaseError";
  }
}

/** Reads the state without changing anything. */
export async function migrationStatus(databaseUrl: string, folder: string): Promise<MigrationStatus> {
  return withClient(databaseUrl, (client) => readStatus(client, folder));
}

/**
 * Applies every pending migration, each in its own transaction, as the only runner on this database.
 * A run that was killed leaves whole migrations only, so running it again completes it.
 * A newer database that this program can serve is left as it is: the application is being rolled back.
 * @throws MigrationError, NewerDatabaseError, NoDatabaseError
 */
export async function migrate(databaseUrl: string, folder: string): Promise<MigrationResult> {
  return withClient(databaseUrl, async (client) => {
    await client.query("SELECT pg_advisory_lock($1)", [lockId]);
    const before = await readStatus(client, folder);
    if (before.unknown.length > 0 && !serves(before)) throw new NewerDatabaseError(before);
    for (const name of before.pending) await applyOne(client, folder, name);
    const after = await readStatus(client, folder);
    return { from: before.version, to: after.version, applied: before.pending };
  });
}

/** True when a newer database took nothing away that this program needs. With migrations of its own it is another line of versions. */
function serves({ latest, floor, pending }: MigrationStatus): boolean {
  return pending.length === 0 && floor <= latest;
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
  const applied = (await rowsOf<{ name: string }>(client, table)).map(({ name }) => name);
  const version = Math.max(0, ...applied.map(versionOf));
  const [floor] = await rowsOf<{ version: number }>(client, "schema_floor");
  return {
    version,
    latest: Math.max(0, ...known.map(versionOf)),
    pending: known.filter((name) => !applied.includes(name)),
    unknown: applied.filter((name) => !known.includes(name)),
    floor: floor?.version ?? version,
  };
}

/** All rows of a table; none when it does not exist yet. */
async function rowsOf<Row extends pg.QueryResultRow>(client: pg.Client, name: string): Promise<Row[]> {
  const exists = await client.query<{ found: boolean }>("SELECT to_regclass($1) IS NOT NULL AS found", [name]);
  return exists.rows[0]?.found ? (await client.query<Row>(`SELECT * FROM ${name}`)).rows : [];
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
  await client.connect().catch((error: unknown) => {
    throw new NoDatabaseError(client, error);
  });
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
