import { Router } from "express";
import type { Context } from "../context.ts";

/** Which model answers, and whether it can: public, without secrets or addresses. */
export function createLlmStatusRouter({ config, probes }: Pick<Context, "config" | "probes">): Router {
  const router = Router();
  router.get("/status", (_req, res) => {
    const { reachable, loaded, tokensPerSecond } = probes.runtime();
    const { runtime, demo, nextStep } = config.llm;
    res.json({ runtime, model: probes.model, demo, nextStep, reachable, loaded: loaded ?? reachable, tokensPerSecond });
  });
  return router;
}
