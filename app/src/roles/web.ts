import { existsSync } from "node:fs";
import { join } from "node:path";
import express from "express";
import { readWebConfig } from "../config.ts";
import type { Env } from "../env.ts";
import { errorHandler, notFound } from "../http/errors.ts";
import { createPageRouter } from "../http/page-routes.ts";
import { requestLog } from "../http/request-log.ts";
import { Lifecycle } from "../lifecycle.ts";
import { createLogger } from "../log.ts";
import { throwIfAny } from "../problems.ts";
import { defaultWebRoot } from "../resources.ts";
import { serve } from "./serve.ts";

/** The chat page: static files under a strict policy. */
export async function run(_args: readonly string[], env: Env): Promise<number> {
  const config = readWebConfig(env);
  const webRoot = config.webRoot ?? defaultWebRoot();
  if (!existsSync(join(webRoot, "index.html"))) {
    const rule = "a folder with the built page (index.html)";
    throwIfAny([{ path: "FIDUS_WEB_ROOT", got: webRoot, rule, fix: "Build it: node app/build.ts dist/app" }]);
  }
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
