import express, { Router } from "express";
import { z } from "zod";
import type { Context } from "../context.ts";
import { AppError } from "../errors.ts";
import { refuseWhileDraining } from "../http/drain.ts";
import { requireApiKey } from "../http/guards.ts";
import { parse } from "../http/parse.ts";
import { openAiErrorHandler } from "./openai-errors.ts";
import { relay } from "./relay.ts";

/** Checked loosely: whatever else a caller sends is the runtime's business and passes on untouched. */
const chatBody = z.looseObject({
  messages: z.array(z.looseObject({ role: z.string() })).min(1),
  model: z.string().min(1).optional(),
  stream: z.boolean().nullish(),
});

/** Largest request: long contexts fit, uploads do not belong here. */
const bodyLimit = "8mb";

/** The OpenAI-compatible face: keys checked here, answers passed through untouched. */
export function createOpenAiRouter(ctx: Context): Router {
  const router = Router();
  router.use(requireApiKey(ctx), refuseWhileDraining(ctx));

  router.get("/models", (_req, res) => relay(ctx, res, { method: "GET", path: "/models", headersTimeout: 30_000 }, false));
  router.get("/models/:id", (req, res) => {
    // Dots alone would climb out of the runtime's own path.
    if (/^\.\.?$/.test(req.params.id)) throw new AppError("not_found");
    const path = `/models/${encodeURIComponent(req.params.id)}`;
    return relay(ctx, res, { method: "GET", path, headersTimeout: 30_000 }, false);
  });

  router.post("/chat/completions", express.raw({ type: () => true, limit: bodyLimit }), (req, res) => {
    const { body, stream } = readChatRequest(req.body, ctx.probes.model);
    return relay(ctx, res, { method: "POST", path: "/chat/completions", body }, stream);
  });

  router.use((req) => {
    throw new AppError("not_found", { message: `Unknown request URL: ${req.method} /v1${req.path}.` });
  });
  router.use(openAiErrorHandler(ctx.log));
  return router;
}

/** The bytes to send on: the caller's own; where they name no model, ours is put in front, and the rest stays as it came. */
function readChatRequest(raw: unknown, model: string | null): { body: Buffer | string; stream: boolean } {
  if (!Buffer.isBuffer(raw)) throw new AppError("invalid_request", { message: "The body is empty; it must be JSON." });
  let json: unknown;
  try {
    json = JSON.parse(raw.toString("utf8"));
  } catch (error) {
    throw new AppError("invalid_request", { message: "The body is not valid JSON.", cause: error });
  }
  const { model: asked, stream } = parse(chatBody, json);
  const text = (): string => raw.toString("utf8").replace("{", () => `{"model":${JSON.stringify(model)},`);
  return { body: asked === undefined && model !== null ? text() : raw, stream: stream === true };
}
