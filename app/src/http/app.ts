import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import cors from "cors";
import express, { type Express, type RequestHandler } from "express";
import helmet from "helmet";
import { createAdminRouter } from "../admin/routes.ts";
import { createKeyRouter, createSessionRouter } from "../auth/account-routes.ts";
import { createProviderRouter } from "../auth/oidc-routes.ts";
import { createAuthRouter } from "../auth/routes.ts";
import { createUsageRouter } from "../budget/usage-routes.ts";
import { createChatRouter, createConversationRouter } from "../chat/routes.ts";
import type { Context } from "../context.ts";
import { createMeRouter } from "../privacy/routes.ts";
import { createDocumentRouter } from "../knowledge/routes.ts";
import { createOpenAiRouter } from "../llm/openai-routes.ts";
import { createLlmStatusRouter } from "../llm/status-routes.ts";
import { defaultWebRoot } from "../resources.ts";
import { errorHandler, notFound } from "./errors.ts";
import { createHealthRouter } from "./health-routes.ts";
import { requestLog } from "./request-log.ts";
import { createOpenApiRouter } from "./openapi/routes.ts";
import { createDocsRouter, createPageRouter } from "./page-routes.ts";

/**
 * The HTTP face of the roles api and single. No state of its own: everything is in the context.
 * @param webRoot folder of the built pages; null: somebody else serves them
 */
export function createApp(ctx: Context, webRoot: string | null = null): Express {
  const { config, log, metrics } = ctx;
  const app = express();
  app.disable("x-powered-by").disable("etag");
  app.set("trust proxy", config.trustedProxies.length === 0 ? false : config.trustedProxies);
  app.use(metrics.middleware(), requestLog(log), apiHeaders(config.publicUrl));
  if (config.corsOrigins.length > 0) app.use(cors({ origin: [...config.corsOrigins], credentials: true, maxAge: 600 }));
  // First: it is asked most.
  app.use("/v1", createOpenAiRouter(ctx));
  app.use(createHealthRouter(ctx));
  app.use(createOpenApiRouter(ctx));
  app.use("/api/v1", noStore, express.json({ limit: "256kb" }));
  app.use("/api/v1/llm", createLlmStatusRouter(ctx));
  app.use("/api/v1/auth", createAuthRouter(ctx), createProviderRouter(ctx));
  app.use("/api/v1/admin", createAdminRouter(ctx));
  app.use("/api/v1/keys", createKeyRouter(ctx));
  app.use("/api/v1/sessions", createSessionRouter(ctx));
  app.use("/api/v1/me", createMeRouter(ctx));
  app.use("/api/v1/usage", createUsageRouter(ctx));
  app.use("/api/v1/conversations", createConversationRouter(ctx));
  app.use("/api/v1/documents", createDocumentRouter(ctx));
  app.use("/api/v1/chat", createChatRouter(ctx));
  app.use("/api", notFound);
  // In the split form too: a proxy leads /docs to the API, which has the pages of its own image.
  app.use(createDocsRouter(webRoot ?? config.webRoot ?? defaultWebRoot(), config.publicUrl));
  if (webRoot !== null) app.use(createPageRouter(webRoot, config.publicUrl));
  app.use(notFound);
  app.use(errorHandler(log, ctx.telemetry));
  return app;
}

/** What people say and who they are belongs in no cache. */
const noStore: RequestHandler = (_req, res, next) => {
  res.set("cache-control", "no-store");
  next();
};

/** Answers here are data: nothing may be loaded, framed or guessed from them. HSTS only where there is TLS. */
function apiHeaders(publicUrl: URL): RequestHandler {
  const set = helmet({
    contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
    strictTransportSecurity: publicUrl.protocol === "https:" ? { maxAge: 31_536_000, includeSubDomains: true } : false,
    referrerPolicy: { policy: "no-referrer" },
    crossOriginResourcePolicy: { policy: "same-origin" },
  });
  // They are the same for every answer: asked for once.
  const sample = new ServerResponse(new IncomingMessage(new Socket()));
  set(sample.req, sample, () => {});
  const headers = Object.entries(sample.getHeaders()) as [string, string][];
  return (_req, res, next) => {
    for (const [name, value] of headers) res.setHeader(name, value);
    next();
  };
}
