import express, { Router, type Request } from "express";
import type { Context } from "../context.ts";
import { AppError } from "../errors.ts";
import { refuseWhileDraining } from "../http/drain.ts";
import { currentIdentity, currentUser, requireApiKey, requireScope } from "../http/guards.ts";
import type { CacheWish } from "./cache/response-cache.ts";
import { paths, readCall } from "./call.ts";
import { cloudAllowed } from "./consent.ts";
import { openAiErrorHandler } from "./openai-errors.ts";
import { relay } from "./relay.ts";
import { endpoints } from "./usage.ts";

/** Largest request: long contexts fit, uploads do not belong here. */
const bodyLimit = "8mb";

/** The OpenAI-compatible face: keys checked here, answers passed through untouched. */
export function createOpenAiRouter(ctx: Context): Router {
  const router = Router();
  router.use(requireApiKey(ctx), refuseWhileDraining(ctx));

  // From the last look at the runtimes: listing costs them nothing, and an alias is there while its runtime is away.
  router.get("/models", async (req, res) => {
    const data = ctx.gateway.planner.models(await cloudAllowed(ctx, currentUser(req).id));
    if (data.length === 0) throw new AppError("no_model", { retryAfter: 5 });
    res.json({ object: "list", data });
  });
  router.get("/models/*id", async (req, res) => {
    // Names of models hold slashes.
    const id = [req.params.id].flat().join("/");
    const models = ctx.gateway.planner.models(await cloudAllowed(ctx, currentUser(req).id));
    const found = models.find((model) => model.id === id);
    if (found === undefined) throw new AppError("model_not_found", { param: "model" });
    res.json(found);
  });

  for (const endpoint of endpoints) {
    const scope = requireScope(endpoint === "embeddings" ? "embeddings" : "chat");
    router.post(paths[endpoint], scope, express.raw({ type: () => true, limit: bodyLimit }), (req, res) => {
      const { user, key } = currentIdentity(req);
      const payer = {
        userId: user.id,
        tenant: user.tenant,
        keyId: key?.id ?? null,
        tokensPerMinute: key?.tokensPerMinute ?? null,
      };
      return relay(ctx, res, readCall(endpoint, req.body), payer, cacheWish(req));
    });
  }

  router.use((req) => {
    throw new AppError("not_found", { message: `Unknown request URL: ${req.method} /v1${req.path}.` });
  });
  router.use(openAiErrorHandler(ctx.log, ctx.telemetry));
  return router;
}

/** What the headers say: `X-Fidus-Cache: allow`, `Cache-Control: no-cache` (a new answer, please) and `no-store`. */
function cacheWish({ headers }: Request): CacheWish {
  const control = (headers["cache-control"] ?? "").toLowerCase().split(/ *, */);
  const store = !control.includes("no-store");
  return { allow: headers["x-fidus-cache"] === "allow", read: store && !control.includes("no-cache"), store };
}
