import { Router, type Request, type Response } from "express";
import type { Context } from "../context.ts";
import { currentUser, requireScope, requireUser } from "../http/guards.ts";
import { parse } from "../http/parse.ts";
import { readUsage, usageCsv, type UsageGroup } from "./usage.ts";
import { usagePeriod, usageQuery } from "./usage-query.ts";

/** What the signed-in person's calls used: by model and feature, of the last 30 days, unless asked otherwise. */
export function createUsageRouter(ctx: Context): Router {
  const router = Router();
  router.use(requireUser(ctx), requireScope("account"));
  router.get("/", (req, res) => sendUsage(ctx, req, res, currentUser(req).id, ["model", "feature"]));
  return router;
}

/** Answers `from`, `to` (days, both included), `by` and `format` of a request. @throws AppError invalid_request */
export async function sendUsage(
  { db }: Pick<Context, "db">,
  req: Request,
  res: Response,
  userId: string | null,
  usualGroups: readonly UsageGroup[],
): Promise<void> {
  const asked = parse(usageQuery, req.query);
  const { by = usualGroups, format } = asked;
  const period = usagePeriod(asked);
  const rows = await readUsage(db, { ...period, by, userId });
  if (format === "json") return void res.json({ ...period, usage: rows });
  res.attachment("usage.csv").type("text/csv").send(usageCsv(rows, by));
}
