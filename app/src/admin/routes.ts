import { Router } from "express";
import { z } from "zod";
import { listApiKeys, revokeApiKey } from "../auth/api-keys.ts";
import { longestEmail } from "../auth/users.ts";
import { formatUsd } from "../budget/money.ts";
import { priceOf } from "../budget/prices.ts";
import { sendUsage } from "../budget/usage-routes.ts";
import type { Context } from "../context.ts";
import { transaction } from "../db/pool.ts";
import { AppError } from "../errors.ts";
import { currentUser, requireAdmin, requireUser } from "../http/guards.ts";
import { parse, parseId, storableText } from "../http/parse.ts";
import { audit, auditActions, readAudit } from "./audit.ts";
import { createBudgetAdminRouter } from "./budget-routes.ts";
import { createTrialAdminRouter } from "./trial-routes.ts";
import { createUserAdminRouter } from "./user-routes.ts";

const id = z.uuid();
export const auditQuery = z.object({
  before: z
    .string()
    .regex(/^\d{1,18}$/)
    .optional(),
  person: storableText.trim().min(1).max(longestEmail).optional(),
  action: z.enum(auditActions).optional(),
});

/** Everything here is for administrators, by session or by a key with the scope admin; every change leaves an audit row. */
export function createAdminRouter(ctx: Context): Router {
  const { db } = ctx;
  const router = Router();
  router.use(requireUser(ctx), ...requireAdmin);
  router.use("/users", createUserAdminRouter(ctx));
  router.use("/budgets", createBudgetAdminRouter(ctx));
  router.use("/trials", createTrialAdminRouter(ctx));

  router.get("/keys", async (_req, res) => {
    res.json({ keys: await listApiKeys(db) });
  });

  router.delete("/keys/:id", async (req, res) => {
    const keyId = parseId(id, req.params.id);
    await transaction(db, async (client) => {
      if (!(await revokeApiKey(client, keyId))) throw new AppError("not_found");
      await audit(client, currentUser(req), "key.revoke", keyId);
    });
    res.status(204).end();
  });

  router.get("/usage", (req, res) => sendUsage(ctx, req, res, null, ["user", "feature", "model"]));

  router.get("/models", (_req, res) => {
    const models = ctx.gateway.runtimes.flatMap(({ config, state }) =>
      state.models.map(({ id: model }) => {
        const price = priceOf(ctx.config.budget.prices, model, config.cloud);
        const perMillion = (nano: number | undefined): string => formatUsd((nano ?? 0) * 1_000_000);
        return {
          runtime: config.name,
          model,
          cloud: config.cloud,
          inputUsdPerMillion: perMillion(price?.input),
          outputUsdPerMillion: perMillion(price?.output),
        };
      }),
    );
    res.json({ default: ctx.gateway.planner.defaultModel, models });
  });

  router.get("/health", (_req, res) => {
    res.json({
      status: ctx.lifecycle.draining ? "draining" : "ok",
      version: ctx.config.version,
      services: ctx.probes.services(),
      openAnswers: ctx.lifecycle.openWork,
      runtimes: ctx.gateway.runtimes.map(({ config, state, load, usable }) => ({
        name: config.name,
        cloud: config.cloud,
        reachable: state.reachable,
        usable,
        load,
      })),
    });
  });

  router.get("/audit", async (req, res) => {
    const { before = null, person = null, action = null } = parse(auditQuery, req.query);
    res.json(await readAudit(db, { before, person, action }));
  });
  return router;
}
