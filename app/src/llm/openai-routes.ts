import express, { Router } from "express";
import { z } from "zod";
import type { Context } from "../context.ts";
import { AppError } from "../errors.ts";
import { refuseWhileDraining } from "../http/drain.ts";
import { currentIdentity, requireApiKey, requireScope } from "../http/guards.ts";
import { parse } from "../http/parse.ts";
import { Charge } from "./charge.ts";
import { openAiErrorHandler } from "./openai-errors.ts";
import { relay } from "./relay.ts";
import { tokensOfBytes, type Candidate } from "./usage.ts";

/** Checked loosely: whatever else a caller sends is the runtime's business and passes on untouched. */
const chatBody = z.looseObject({
  messages: z.array(z.looseObject({ role: z.string() })).min(1),
  model: z.string().min(1).optional(),
  stream: z.boolean().nullish(),
  max_tokens: z.int().positive().nullish(),
  max_completion_tokens: z.int().positive().nullish(),
  n: z.int().positive().nullish(),
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

  router.post(
    "/chat/completions",
    requireScope("chat"),
    express.raw({ type: () => true, limit: bodyLimit }),
    async (req, res) => {
      const { body, stream, model, maxTokens, choices } = readChatRequest(req.body, ctx.probes.model);
      const { user, key } = currentIdentity(req);
      const runtime = ctx.config.llm.runtime;
      const candidate: Candidate = { runtime, model: model ?? "", cloud: runtime === "openai" };
      const promptTokens = tokensOfBytes(Buffer.byteLength(body));
      const admission = await ctx.meter.admit({
        userId: user.id,
        tenant: user.tenant,
        keyId: key?.id ?? null,
        requestId: String(req.id),
        endpoint: "chat",
        model: candidate.model,
        candidates: [candidate],
        promptTokens,
        maxTokens,
        choices,
      });
      const cut = admission.maxTokens !== null && (maxTokens === null || admission.maxTokens < maxTokens);
      const sent = cut ? withMaxTokens(body, admission.maxTokens) : body;
      const charge = new Charge(admission, candidate, promptTokens);
      await relay(ctx, res, { method: "POST", path: "/chat/completions", body: sent }, stream, charge);
    },
  );

  router.use((req) => {
    throw new AppError("not_found", { message: `Unknown request URL: ${req.method} /v1${req.path}.` });
  });
  router.use(openAiErrorHandler(ctx.log));
  return router;
}

/** The bytes to send on: the caller's own; where they name no model, ours is put in front, and the rest stays as it came. */
function readChatRequest(raw: unknown, model: string | null) {
  if (!Buffer.isBuffer(raw)) throw new AppError("invalid_request", { message: "The body is empty; it must be JSON." });
  let json: unknown;
  try {
    json = JSON.parse(raw.toString("utf8"));
  } catch (error) {
    throw new AppError("invalid_request", { message: "The body is not valid JSON.", cause: error });
  }
  const { model: asked, stream, max_tokens, max_completion_tokens, n } = parse(chatBody, json);
  const text = (): string => raw.toString("utf8").replace("{", () => `{"model":${JSON.stringify(model)},`);
  return {
    body: asked === undefined && model !== null ? text() : raw,
    stream: stream === true,
    model: asked ?? model,
    maxTokens: max_completion_tokens ?? max_tokens ?? null,
    choices: n ?? 1,
  };
}

/** The request with an answer as long as is paid for, under the name the caller used. */
function withMaxTokens(body: Buffer | string, maxTokens: number | null): string {
  const { max_tokens: _, max_completion_tokens: newer, ...rest } = JSON.parse(body.toString("utf8")) as Record<string, unknown>;
  return JSON.stringify({ ...rest, [newer === undefined ? "max_tokens" : "max_completion_tokens"]: maxTokens });
}
