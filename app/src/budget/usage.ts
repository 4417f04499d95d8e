import { stringify } from "csv-stringify/sync";
import type { Queryable } from "../db/pool.ts";
import { formatUsd } from "./money.ts";

/** What calls can be summed up by. */
export const usageGroups = {
  user: "u.email",
  tenant: "e.tenant",
  feature: "e.feature",
  model: "e.model",
  day: "e.at::date",
} as const;
export type UsageGroup = keyof typeof usageGroups;
export const usageGroupNames = Object.keys(usageGroups) as readonly UsageGroup[];

export interface UsageQuery {
  readonly from: Date;
  /** Not included. */
  readonly to: Date;
  readonly by: readonly UsageGroup[];
  /** Null: everybody's. */
  readonly userId: string | null;
}

/** One line: the groups' values, then the sums. */
export type UsageRow = Readonly<Record<UsageGroup, string | null>> & {
  readonly calls: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** Calls whose tokens are our own figures. */
  readonly estimatedCalls: number;
  /** Calls that the response cache answered, at no cost. */
  readonly cachedCalls: number;
  readonly costUsd: string;
};

/** Sums of the ledger, dearest first. An account that was deleted has no e-mail any more. */
export async function readUsage(db: Queryable, { from, to, by, userId }: UsageQuery): Promise<UsageRow[]> {
  const columns = by.map((group) => `${usageGroups[group]}::text AS "${group}"`);
  const { rows } = await db.query<UsageRow & { cost: string }>(
    `SELECT ${[...columns, ""].join(", ")} count(*)::float8 AS calls, sum(e.prompt_tokens)::float8 AS "promptTokens",
       sum(e.completion_tokens)::float8 AS "completionTokens", count(*) FILTER (WHERE e.estimated)::float8 AS "estimatedCalls",
       count(*) FILTER (WHERE e.outcome = 'cached')::float8 AS "cachedCalls",
       sum(e.cost)::text AS cost
     FROM usage_events e LEFT JOIN users u ON u.id = e.user_id
     WHERE e.at >= $1 AND e.at < $2 AND ($3::uuid IS NULL OR e.user_id = $3)
     ${by.length === 0 ? "HAVING count(*) > 0" : `GROUP BY ${by.map((group) => usageGroups[group]).join(", ")}`}
     ORDER BY sum(e.cost) DESC, sum(e.prompt_tokens) DESC`,
    [from, to, userId],
  );
  return rows.map(({ cost, ...row }) => ({ ...row, costUsd: formatUsd(Number(cost)) }));
}

/** The same as CSV with a head line; what a spreadsheet would take for a formula is made text. */
export function usageCsv(rows: readonly UsageRow[], by: readonly UsageGroup[]): string {
  const columns = [...by, "calls", "promptTokens", "completionTokens", "estimatedCalls", "cachedCalls", "costUsd"];
  return stringify([...rows], { header: true, columns, escape_formulas: true });
}
