import type { Context } from "../context.ts";
import { AppError } from "../errors.ts";
import type { User } from "../auth/users.ts";
import type { AnswerOutcome } from "../http/metrics.ts";
import type { EventStream } from "../http/stream.ts";
import type { Work } from "../lifecycle.ts";
import { streamCompletion } from "../llm/completion.ts";
import { cloudAllowed } from "../llm/consent.ts";
import { stopReason } from "../llm/upstream.ts";
import { answerTokens, estimateTokens, fitHistory } from "./history.ts";
import { endTurn, saveProgress, type Ending, type Turn } from "./store.ts";

type AnswerContext = Pick<Context, "db" | "gateway" | "meter" | "config" | "cancels" | "metrics" | "log" | "redis">;

/** Often enough to keep the lease and to lose little, rarely enough not to write per token. */
const saveEveryMs = 5_000;

/** Tokens of an answer; estimated where the runtime was not asked to the end. */
interface Usage {
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly estimated?: true;
}

/** Writes one answer: asks the runtime, sends each piece, keeps the row up to date, and ends both with the same word. */
export async function writeAnswer(
  ctx: AnswerContext,
  { user, turn, model }: { user: User; turn: Turn; model: string },
  work: Work,
  stream: EventStream,
): Promise<void> {
  const { contextTokens } = ctx.config.llm;
  const messages = fitHistory(turn.history, contextTokens);
  const unregister = ctx.cancels.register(turn.messageId, () => work.stop("cancelled"));
  const started = performance.now();
  let text = "";
  let pieces = 0;
  let finishReason = "stop";
  let usage: Usage | null = null;
  const saver = setInterval(() => {
    saveProgress(ctx.db, turn.messageId, text).catch((error: unknown) => ctx.log.warn({ err: error }, "could not save progress"));
  }, saveEveryMs);
  const estimate = (): Usage => ({
    promptTokens: messages.reduce((sum, { content }) => sum + estimateTokens(content), 0),
    completionTokens: pieces,
    estimated: true,
  });
  // A cancel sent before we listened; not waited for, a Redis that hangs must not hold the answer up.
  void ctx.redis?.wasCancelled(turn.messageId).then((cancelled) => cancelled && work.stop("cancelled"));
  try {
    const cloud = await cloudAllowed(ctx, turn.userId);
    const payer = { userId: user.id, tenant: user.tenant, keyId: null };
    const request = { model, messages, maxTokens: answerTokens(contextTokens), cloud, payer, requestId: turn.messageId };
    for await (const event of streamCompletion(ctx, request, work.signal)) {
      if (event.kind === "finish") finishReason = event.reason;
      else if (event.kind === "usage") usage = { promptTokens: event.promptTokens, completionTokens: event.completionTokens };
      else {
        if (pieces++ === 0) ctx.metrics.firstByte("chat", performance.now() - started);
        text += event.text;
        await stream.send("delta", { text: event.text });
      }
    }
    await finish(ctx, turn, stream, { status: "complete", text, finishReason, usage: usage ?? estimate() }, "complete");
  } catch (error) {
    const reason = stopReason(work.signal);
    if (reason === "cancelled" || reason === "client-gone") {
      const outcome = reason === "cancelled" ? "cancelled" : "client_gone";
      await finish(ctx, turn, stream, { status: "cancelled", text, finishReason: "cancelled", usage: estimate() }, outcome);
    } else {
      await fail(ctx, turn, stream, text, reason === null ? error : new AppError("shutting_down", { cause: error }));
    }
  } finally {
    clearInterval(saver);
    unregister();
    stream.end();
  }
}

interface Outcome {
  readonly status: "complete" | "cancelled";
  readonly text: string;
  readonly finishReason: string;
  readonly usage: Usage;
}

async function finish(
  ctx: AnswerContext,
  turn: Turn,
  stream: EventStream,
  { status, text, finishReason, usage }: Outcome,
  metric: AnswerOutcome,
): Promise<void> {
  const { promptTokens, completionTokens } = usage;
  const saved = await save(ctx, turn, { status, content: text, finishReason, promptTokens, completionTokens });
  ctx.metrics.answer("chat", saved ? metric : "failed");
  // The reader must not believe in an answer that a reload would not show.
  if (saved) await stream.send("done", { finishReason, usage });
  else await stream.send("error", { code: "unavailable", message: "The answer could not be saved." });
}

async function fail(ctx: AnswerContext, turn: Turn, stream: EventStream, text: string, error: unknown): Promise<void> {
  const { code, message, cause } = error instanceof AppError ? error : new AppError("internal", { cause: error });
  ctx.log.warn({ err: cause, code, messageId: turn.messageId }, "answer failed");
  ctx.metrics.answer("chat", code === "shutting_down" ? "shut_down" : "failed");
  await save(ctx, turn, { status: "failed", content: text, finishReason: code, promptTokens: null, completionTokens: null });
  await stream.send("error", { code, message });
}

/** Three attempts: a restart of PostgreSQL at the wrong moment must not cost the answer. */
async function save({ db, log }: AnswerContext, turn: Turn, ending: Ending): Promise<boolean> {
  for (const waitMs of [250, 1_000, 0]) {
    try {
      await endTurn(db, turn.messageId, ending);
      return true;
    } catch (error) {
      log.warn({ err: error, messageId: turn.messageId }, "could not save the answer");
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }
  return false;
}
