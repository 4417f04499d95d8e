import { Router } from "express";
import type { Context } from "../context.ts";
import { requireUser } from "./guards.ts";

/** Liveness (touches nothing), readiness (cached probes), and figures for signed-in people. */
export function createHealthRouter(
  ctx: Pick<Context, "config" | "probes" | "lifecycle" | "db" | "ownerOfApiKey" | "sessions" | "limits">,
): Router {
  const router = Router();
  const { environment, version } = ctx.config;

  router.get(["/health", "/healthz"], (_req, res) => {
    res.set("cache-control", "no-store");
    res.json({ status: "ok", version, environment, time: new Date().toISOString() });
  });

  router.get("/health/ready", (_req, res) => {
    const services = ctx.probes.services();
    const usable = services.postgres === "up" && services.llm === "up";
    const status = ctx.lifecycle.draining ? "draining" : usable ? "ready" : "not ready";
    res.set("cache-control", "no-store");
    res.status(status === "ready" ? 200 : 503).json({ status, services, time: new Date().toISOString() });
  });

  router.get("/health/detailed", requireUser(ctx), async (_req, res) => {
    const { rows } = await ctx.db.query<Record<string, number | null>>(figures);
    const { sessions, conversations, seconds, errors } = rows[0] ?? {};
    res.set("cache-control", "no-store");
    res.json({
      status: ctx.lifecycle.draining ? "draining" : "ok",
      version,
      environment,
      time: new Date().toISOString(),
      uptimeSeconds: Math.round(process.uptime()),
      services: ctx.probes.services(),
      openAnswers: ctx.lifecycle.openWork,
      activeSessions: sessions ?? 0,
      conversationsToday: conversations ?? 0,
      averageAnswerSecondsLastHour: seconds ?? null,
      answerErrorRateLastHour: errors ?? null,
    });
  });
  return router;
}

const figures = `
  SELECT
    (SELECT count(*)::int FROM sessions WHERE revoked_at IS NULL AND expires_at > now()) AS sessions,
    (SELECT count(*)::int FROM conversations WHERE created_at >= date_trunc('day', now())) AS conversations,
    (SELECT avg(extract(epoch FROM updated_at - created_at))::float8 FROM messages
      WHERE role = 'assistant' AND status = 'complete' AND created_at > now() - interval '1 hour') AS seconds,
    (SELECT avg((status = 'failed')::int)::float8 FROM messages
      WHERE role = 'assistant' AND status <> 'streaming' AND created_at > now() - interval '1 hour') AS errors`;
