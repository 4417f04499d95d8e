import { randomUUID } from "node:crypto";
import { batched } from "../db/batch.ts";
import type { Db, Queryable } from "../db/pool.ts";
import type { ExchangeOutcome, Usage } from "../llm/usage.ts";
import type { NanoUsd } from "./money.ts";

/** What a budget can be kept for. */
export const budgetKinds = ["tenant", "user", "feature"] as const;
export type BudgetKind = (typeof budgetKinds)[number];

/** Who asks for what. */
export interface Caller {
  readonly userId: string;
  readonly keyId: string | null;
  readonly tenant: string;
  readonly feature: string;
  readonly model: string;
}

/** A call before it is made. */
export interface Call extends Caller {
  readonly inputPrice: NanoUsd;
  readonly outputPrice: NanoUsd;
  /** Tokens the prompt cannot exceed: what is reserved. */
  readonly promptLimit: number;
  /** Tokens the prompt probably has: what is charged when nobody knows. */
  readonly promptEstimate: number;
  /** Longest answer wanted, in tokens; 0 where there is none, as for embeddings. */
  readonly completionLimit: number;
  /** Answers asked for at once. */
  readonly choices: number;
}

/** A call after it was made: what the model that answered costs and used. */
export interface LedgerEntry {
  readonly id: string;
  readonly model: string;
  readonly inputPrice: NanoUsd;
  readonly outputPrice: NanoUsd;
  readonly usage: Usage;
  readonly outcome: ExchangeOutcome;
}

/** A balance that has just reached its alert. */
export interface Alert {
  readonly kind: BudgetKind;
  readonly subject: string;
  readonly spent: string;
}

export type Reservation = { readonly id: string; readonly granted: number } | { readonly exhausted: BudgetKind };

/** Seconds without a sign of life after which a process's reservations are settled at their estimate. */
const ownerDeadSeconds = 30;

/** Promises money for calls, or names the budget that is used up: those asked for at the same time in one round trip. */
export function createReserve(db: Queryable, owner: string, tenantCap: NanoUsd | null): (call: Call) => Promise<Reservation> {
  return batched(async (calls) => {
    const items = calls.map((call) => ({ ...item(call), id: randomUUID(), owner, tenant_cap: tenantCap }));
    const { rows } = await db.query<{ granted: string | null; exhausted: BudgetKind }>({
      name: "budget_reserve_all",
      text: "SELECT granted, exhausted FROM budget_reserve_all($1)",
      values: [JSON.stringify(items)],
    });
    return items.map(({ id }, index) => {
      const row = rows[index];
      if (row === undefined) return new Error("budget_reserve_all returned too few rows");
      return row.granted === null ? { exhausted: row.exhausted } : { id, granted: Number(row.granted) };
    });
  });
}

/** Promises money for as many calls like this one as there are ids; returns those that have it now. */
export async function reserveAhead(
  db: Queryable,
  owner: string,
  tenantCap: NanoUsd | null,
  call: Call,
  ids: readonly string[],
): Promise<readonly string[]> {
  const { rows } = await db.query<{ granted: number }>({
    name: "budget_reserve_ahead",
    text: "SELECT budget_reserve_ahead($1, $2) AS granted",
    values: [JSON.stringify({ ...item(call), owner, tenant_cap: tenantCap }), ids],
  });
  return ids.slice(0, rows[0]?.granted ?? 0);
}

/** Gives reservations back whose calls did not come. */
export async function release(db: Queryable, ids: readonly string[]): Promise<void> {
  await db.query("SELECT budget_release($1)", [ids]);
}

function item(call: Call): object {
  return {
    user_id: call.userId,
    key_id: call.keyId,
    tenant: call.tenant,
    feature: call.feature,
    model: call.model,
    input_price: call.inputPrice,
    output_price: call.outputPrice,
    prompt_limit: call.promptLimit,
    prompt_estimate: call.promptEstimate,
    completion_limit: call.completionLimit,
    choices: call.choices,
  };
}

/** Turns reservations into ledger rows; running it again changes nothing. Returns the alerts that were crossed. */
export async function settle(db: Queryable, entries: readonly LedgerEntry[], tenantAlert: NanoUsd | null): Promise<Alert[]> {
  const items = entries.map(({ id, model, inputPrice, outputPrice, usage, outcome }) => ({
    id,
    model,
    input_price: inputPrice,
    output_price: outputPrice,
    ...usage,
    outcome,
  }));
  const sql = "SELECT kind, subject, spent FROM budget_settle($1, $2)";
  return (await db.query<Alert>(sql, [JSON.stringify(items), tenantAlert])).rows;
}

/** Writes what calls without a price used: no money, so no reservation came before. Running it again changes nothing. */
export async function recordFree(db: Queryable, calls: readonly (LedgerEntry & Caller)[]): Promise<void> {
  const items = calls.map(({ id, userId, keyId, tenant, feature, model, usage, outcome }) => ({
    id,
    user_id: userId,
    key_id: keyId,
    tenant,
    feature,
    model,
    ...usage,
    outcome,
  }));
  await db.query(
    `INSERT INTO usage_events (id, period, user_id, key_id, tenant, feature, model, prompt_tokens, completion_tokens,
       input_price, output_price, estimated, outcome)
     SELECT x.id, budget_period(), u.id, x.key_id, x.tenant, x.feature, x.model, x.prompt, x.completion, 0, 0, x.estimated, x.outcome
     FROM jsonb_to_recordset($1) AS x(id uuid, user_id uuid, key_id uuid, tenant text, feature text, model text,
       prompt bigint, completion bigint, estimated boolean, outcome text)
     LEFT JOIN users u ON u.id = x.user_id
     ON CONFLICT (id) DO NOTHING`,
    [JSON.stringify(items)],
  );
}

/** Says that a process lives: its reservations are its own. */
export async function renewOwner(db: Queryable, owner: string): Promise<void> {
  await db.query("INSERT INTO budget_owners (id) VALUES ($1) ON CONFLICT (id) DO UPDATE SET seen_at = now()", [owner]);
}

/** Settles what dead processes left behind at the estimate, marked as leaked. Any number may run at a time. */
export async function sweep(db: Db, tenantAlert: NanoUsd | null): Promise<Alert[]> {
  const { rows } = await db.query<Alert>(
    `SELECT s.kind, s.subject, s.spent
     FROM (
       SELECT jsonb_agg(jsonb_build_object('id', d.id, 'model', d.model, 'input_price', d.input_price,
         'output_price', d.output_price, 'prompt', d.prompt_estimate, 'completion', d.completion_limit,
         'estimated', true, 'outcome', 'leaked')) AS items
       FROM (
         SELECT r.* FROM budget_reservations r
         WHERE r.created_at < now() - make_interval(secs => $1) AND NOT EXISTS (
           SELECT 1 FROM budget_owners o WHERE o.id = r.owner AND o.seen_at > now() - make_interval(secs => $1))
         ORDER BY r.id LIMIT 1000 FOR UPDATE OF r SKIP LOCKED
       ) d
     ) leaked, LATERAL budget_settle(leaked.items, $2) s
     WHERE leaked.items IS NOT NULL`,
    [ownerDeadSeconds, tenantAlert],
  );
  await db.query("DELETE FROM budget_owners WHERE seen_at < now() - interval '1 day'");
  return rows;
}
