import { Router } from "express";
import { z } from "zod";
import type { Context } from "../context.ts";
import { currentUser, requireUser } from "../http/guards.ts";
import { parseBody } from "../http/parse.ts";
import { allowCloud, cloudAllowed } from "./consent.ts";

export const consentBody = z.strictObject({ allowed: z.boolean() });

/**
 * Which model answers, and whether it can: public, without secrets or addresses. Behind the sign-in: the models to choose among,
 * and who allows those outside the house.
 */
export function createLlmStatusRouter(ctx: Context): Router {
  const { config, probes, gateway, db } = ctx;
  const router = Router();
  router.get("/status", (_req, res) => {
    const { reachable, loaded, tokensPerSecond } = probes.runtime();
    const { runtimes, demo, nextStep } = config.llm;
    const runtime = runtimes[0]?.kind;
    res.json({ runtime, model: probes.model, demo, nextStep, reachable, loaded: loaded ?? reachable, tokensPerSecond });
  });

  router.get("/models", requireUser(ctx), (_req, res) => {
    // Those outside the house are shown to everybody, as what one may allow; asked they are only for people who did.
    const inHouse = new Set(gateway.planner.models(false).map(({ id }) => id));
    const models = gateway.planner.models(true).map(({ id }) => ({ id, cloud: !inHouse.has(id) }));
    res.json({ default: probes.model, models });
  });

  router.get("/cloud", requireUser(ctx), async (req, res) => {
    res.json({ available: gateway.hasCloud, allowed: await cloudAllowed(ctx, currentUser(req).id) });
  });
  router.put("/cloud", requireUser(ctx), async (req, res) => {
    const { allowed } = parseBody(consentBody, req);
    await allowCloud(db, currentUser(req).id, allowed);
    res.json({ available: gateway.hasCloud, allowed });
  });
  return router;
}
