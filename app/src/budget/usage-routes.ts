import { Router, type Request, type Response } from "express";
import { z } from "zod";
import type { Context } from "../context.ts";
import { currentUser, requireScope, requireUser } from "../http/guards.ts";
import { parse } from "../http/parse.ts";
import { readUsage, usageCsv, usageGroupNames, type UsageGroup } from "./usage.ts";

const dayMs = 24 * 3600 * 1000;
export const usageQuery = z.object({
  from: z.iso.date().optional(),
  to: z.iso.date().optional(),
  by: z
    .string()
    .transform((text) => text.split(","))
    .pipe(z.array(z.enum(usageGroupNames)))
    .optional(),
  format: z.enum(["json", "csv"]).default("json"),
});

/** What the signed-in person's calls used: by model and feature, of the last 30 days, unless asked otherwise. */
export function createUsageRouter(ctx: Context): Router {
  const router = Router();
  router.use(requireUser(ctx), requireScope("account"));
  router.get("/", (req, res) => sendUsage(ctx, req, res, currentUser(req).id, ["model", "feature"]));
  return router;
}

/** The days asked for (both included); without words the last 30 days until now. */
export function usagePeriod({ from, to }: Pick<z.output<typeof usageQuery>, "from" | "to">): { from: Date; to: Date } {
  const end = to === undefined ? new Date() : new Date(Date.parse(to) + dayMs);
  return { from: from === undefined ? new Date(end.getTime() - 30 * dayMs) : new Date(from), to: end };
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
