import express from "express";
import { readWebConfig } from "../config.ts";
import type { Env } from "../env.ts";
import { errorHandler, notFound } from "../http/errors.ts";
import { createPageRouter } from "../http/page-routes.ts";
import { requestLog } from "../http/request-log.ts";
import { Lifecycle } from "../lifecycle.ts";
import { createLogger } from "../log.ts";
import { builtPages } from "../resources.ts";
import { serve } from "./serve.ts";

/** The chat page: static files under a strict policy. */
export async function run(_args: readonly string[], env: Env): Promise<number> {
  const config = readWebConfig(env);
  const webRoot = builtPages(config.webRoot);
  const log = createLogger(config.logLevel, "web", config.version);
  const lifecycle = new Lifecycle();
  const app = express();
  app.disable("x-powered-by");
  app.get(["/health", "/healthz"], (_req, res) => {
    const { version, environment } = config;
    res.set("cache-control", "no-store").json({ status: "ok", version, environment, time: new Date().toISOString() });
  });
  app.use(requestLog(log), createPageRouter(webRoot, config.publicUrl), notFound, errorHandler(log));
  const { port, listenAddress: address, shutdownGraceSeconds: graceSeconds } = config;
  return serve({ handler: app, port, address, log, lifecycle, graceSeconds, onClosed: async () => {} });
}
