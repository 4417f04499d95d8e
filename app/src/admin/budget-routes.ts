import { Router } from "express";
import { z } from "zod";
import { budgetKinds, type BudgetKind } from "../budget/ledger.ts";
import { formatUsd, parseUsd } from "../budget/money.ts";
import type { Context } from "../context.ts";
import { transaction } from "../db/pool.ts";
import { AppError } from "../errors.ts";
import { currentUser } from "../http/guards.ts";
import { parseBody, parseId, storableText } from "../http/parse.ts";
import { audit } from "./audit.ts";

const kind = z.enum(budgetKinds);
const subject = storableText.min(1).max(200);
const usd = z.string().transform((text, ctx) => {
  const amount = parseUsd(text);
  if (amount === null) ctx.addIssue('must be USD written like "50" or "0.25"');
  return amount ?? 0;
});
export const budgetBody = z.strictObject({ capUsd: usd, alertUsd: usd.nullable().default(null) });

interface Row {
  readonly kind: BudgetKind;
  readonly subject: string;
  readonly cap: string | null;
  readonly alert: string | null;
  readonly spent: string;
  readonly reserved: string;
}

/** Budgets of 30 days: what is set, spent and promised; `*` holds for every subject of a kind without its own. */
export function createBudgetAdminRouter({ db, config }: Pick<Context, "db" | "config">): Router {
  const router = Router();

  router.get("/", async (_req, res) => {
    const { rows } = await db.query<Row>(
      `SELECT coalesce(b.kind, x.kind) AS kind, coalesce(b.subject, x.subject) AS subject, b.cap, b.alert,
         coalesce(x.spent, 0) AS spent, coalesce(x.reserved, 0) AS reserved
       FROM budgets b FULL JOIN (SELECT * FROM budget_balances WHERE period = budget_period()) x
         ON x.kind = b.kind AND x.subject = b.subject
       ORDER BY 1, 2`,
    );
    const { rows: ends } = await db.query<{ end: Date }>("SELECT to_timestamp((budget_period() + 1) * 2592000.0) AS end");
    const { tenantCap, tenantAlert } = config.budget;
    res.json({
      periodEndsAt: ends[0]?.end,
      usualTenant: { capUsd: usdOrNull(tenantCap), alertUsd: usdOrNull(tenantAlert) },
      budgets: rows.map(({ cap, alert, spent, reserved, ...row }) => ({
        ...row,
        capUsd: usdOrNull(cap),
        alertUsd: usdOrNull(alert),
        spentUsd: usdOrNull(spent),
        reservedUsd: usdOrNull(reserved),
      })),
    });
  });

  router.put("/:kind/:subject", async (req, res) => {
    const [of, who] = [parseId(kind, req.params.kind), parseId(subject, req.params.subject)];
    const { capUsd: cap, alertUsd: alert } = parseBody(budgetBody, req);
    const shown = { capUsd: formatUsd(cap), alertUsd: usdOrNull(alert) };
    await transaction(db, async (client) => {
      await client.query(
        `INSERT INTO budgets (kind, subject, cap, alert) VALUES ($1, $2, $3, $4)
         ON CONFLICT (kind, subject) DO UPDATE SET cap = excluded.cap, alert = excluded.alert`,
        [of, who, cap, alert],
      );
      // A raised alert may be reached again.
      await client.query(
        "UPDATE budget_balances SET alerted = false WHERE kind = $1 AND subject = $2 AND period = budget_period() AND spent < coalesce($3::bigint, 0)",
        [of, who, alert],
      );
      await audit(client, currentUser(req), "budget.set", `${of}/${who}`, shown);
    });
    res.json({ kind: of, subject: who, ...shown });
  });

  router.delete("/:kind/:subject", async (req, res) => {
    const [of, who] = [parseId(kind, req.params.kind), parseId(subject, req.params.subject)];
    await transaction(db, async (client) => {
      const { rowCount } = await client.query("DELETE FROM budgets WHERE kind = $1 AND subject = $2", [of, who]);
      if (rowCount === 0) throw new AppError("not_found");
      await audit(client, currentUser(req), "budget.remove", `${of}/${who}`);
    });
    res.status(204).end();
  });
  return router;
}

function usdOrNull(amount: string | number | null): string | null {
  return amount === null ? null : formatUsd(Number(amount));
}
