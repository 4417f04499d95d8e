import { migrationEffect } from "./contract-steps.ts";

export interface Migration {
  /** File name without its ending: `0015_schema_floor`. */
  readonly name: string;
  readonly sql: string;
}

/** Takes nothing away though it looks so, and why. */
const harmless: Readonly<Record<string, string>> = {
  "0011_cached_answers": "the constraint it adds lets in what the one it drops did, and one outcome more",
  "0012_jobs": "its DO block makes a partition of a table that is new",
};

/** Where floors begin: nothing had been released before 0015. */
const firstFloor = 9;

/**
 * Decision 0027: what an application of before needs is taken away one release after the one that no longer needs it, and then named.
 * Returns one line per broken rule, [] when an update from the previous version can be undone by putting its application back.
 */
export async function contractProblems(migrations: readonly Migration[], previousSchema: number): Promise<string[]> {
  const latest = Math.max(previousSchema, firstFloor);
  const problems: string[] = [];
  for (const { name, sql } of migrations) {
    const { contracts, floor } = await migrationEffect(sql);
    if (contracts.length > 0 && floor === null && !Object.hasOwn(harmless, name)) {
      const fix = "Add beside it what replaces it; in the release after, take it away and UPDATE schema_floor SET version = N.";
      problems.push(`app/migrations/${name}.sql: got ${contracts.join(", ")}; needs what only adds, or a floor. ${fix}`);
    }
    if (floor !== null && floor > latest) {
      const fix = "Take it away in the release after.";
      problems.push(
        `app/migrations/${name}.sql: got the floor ${floor}; needs ${latest} or less: the previous version goes back. ${fix}`,
      );
    }
  }
  return problems;
}

/** Oldest schema whose application may be put back on a database with all these migrations. */
export async function floorOf(migrations: readonly Migration[]): Promise<number> {
  const effects = await Promise.all(migrations.map(({ sql }) => migrationEffect(sql)));
  return effects.reduce((last, { floor }) => floor ?? last, 0);
}
