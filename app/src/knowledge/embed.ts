import { z } from "zod";
import { AppError } from "../errors.ts";
import { demandOf, paths, readCall } from "../llm/call.ts";
import { cloudAllowed } from "../llm/consent.ts";
import { paidFor } from "../llm/plan.ts";
import { refusal } from "../llm/completion.ts";
import { RefusalError } from "../llm/refusal.ts";
import { usageInText, type Candidate, type Meter } from "../llm/usage.ts";
import type { Db } from "../db/pool.ts";
import type { Gateway } from "../llm/gateway.ts";
import type { DataKeys } from "../privacy/data-keys.ts";

export interface EmbedContext {
  readonly db: Db;
  readonly dataKeys: DataKeys;
  readonly gateway: Gateway;
  readonly meter: Meter;
}

/** Who asks for embeddings. */
export interface EmbedOwner {
  readonly userId: string;
  readonly tenant: string;
}

const answer = z.looseObject({
  data: z.array(z.looseObject({ index: z.int().nonnegative(), embedding: z.array(z.number()).min(1).max(16_000) })),
});

/** One vector for each text, all of one dimension, in the texts' order. @throws AppError, also for an answer that is none */
export async function embed(
  ctx: EmbedContext,
  { userId, tenant }: EmbedOwner,
  { model, texts, requestId }: { model: string; texts: readonly string[]; requestId: string },
  signal: AbortSignal,
): Promise<number[][]> {
  const call = readCall("embeddings", Buffer.from(JSON.stringify({ model, input: texts, encoding_format: "float" })));
  const plan = ctx.gateway.planner.plan({ model, endpoint: "embeddings", cloud: await cloudAllowed(ctx, userId) });
  const payer = { userId, tenant, keyId: null, feature: "embeddings" };
  await ctx.gateway.redact(call, plan);
  const admission = await ctx.meter.admit(demandOf(call, plan, { ...payer, requestId }));
  let asked: Candidate | null = null;
  const question = {
    path: paths.embeddings,
    targets: paidFor(plan.targets, admission),
    body: call.bodies(null),
    onAsk: (who: Candidate) => {
      asked = who;
    },
    signal,
  };
  const exchange = await ctx.gateway.ask(question).catch((error: unknown) => {
    const refused = error instanceof RefusalError && error.status < 500;
    const outcome = signal.aborted ? "shut_down" : refused ? "refused" : "failed";
    void admission.settle({ candidate: asked, outcome, usage: { prompt: 0, completion: 0, estimated: false } });
    throw error instanceof RefusalError ? refusal(error) : error;
  });
  exchange.rest?.destroy();
  const vectors = exchange.rest === null ? vectorsOf(exchange.first, texts.length) : null;
  const outcome = vectors === null ? "failed" : "complete";
  exchange.end(outcome);
  const usage = usageInText(exchange.first.toString("utf8")) ?? { prompt: call.promptTokens, completion: 0, estimated: true };
  void admission.settle({ candidate: asked, outcome, usage });
  if (vectors === null) throw new AppError("runtime_broken");
  return vectors;
}

/** Null: not one vector for each text, or of several dimensions, or of numbers that are none. */
function vectorsOf(body: Buffer, count: number): number[][] | null {
  let json: unknown;
  try {
    json = JSON.parse(body.toString("utf8"));
  } catch {
    return null;
  }
  const parsed = answer.safeParse(json);
  if (!parsed.success || parsed.data.data.length !== count) return null;
  const vectors = parsed.data.data.toSorted((a, b) => a.index - b.index).map(({ embedding }) => embedding);
  const dimension = vectors[0]?.length;
  return vectors.every((vector) => vector.length === dimension && vector.every(Number.isFinite)) ? vectors : null;
}
