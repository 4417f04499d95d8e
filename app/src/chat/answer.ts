import type { Context } from "../context.ts";
import { transaction, type Queryable } from "../db/pool.ts";
import { AppError } from "../errors.ts";
import type { User } from "../auth/users.ts";
import type { AnswerOutcome } from "../http/metrics.ts";
import { enqueue } from "../jobs/queues.ts";
import type { Work } from "../lifecycle.ts";
import type { FoundChunk } from "../knowledge/chunk-rows.ts";
import { excerptsMessage } from "../knowledge/search.ts";
import { streamCompletion, type ChatMessage } from "../llm/completion.ts";
import { cloudAllowed } from "../llm/consent.ts";
import { stopReason } from "../llm/upstream.ts";
import { endTurn, type Ending } from "./answer-rows.ts";
import type { AnswerEnd, AnswerUsage, GrowingAnswer } from "./growing-answer.ts";
import { answerTokens, estimateTokens, fitHistory } from "./history.ts";
import type { Turn } from "./store.ts";

type AnswerContext = Pick<
  Context,
  "db" | "gateway" | "meter" | "config" | "cancels" | "metrics" | "llmMetrics" | "log" | "answers"
>;

/** Writes one answer to its end, whoever reads it: asks the runtime, lets the answer grow, and closes row and answer alike. */
export async function writeAnswer(
  ctx: AnswerContext,
  { user, turn, model, found }: { user: User; turn: Turn; model: string; found: readonly FoundChunk[] },
  work: Work,
  answer: GrowingAnswer,
): Promise<void> {
  // A quarter of the context at most is for excerpts: three characters a token.
  const excerpts = excerptsMessage(found, Math.floor((ctx.config.llm.contextTokens * 3) / 4) - 600);
  const contextTokens = ctx.config.llm.contextTokens - (excerpts === null ? 0 : estimateTokens(excerpts.content));
  const fitted = fitHistory(turn.history, contextTokens, turn.summary).map(({ role, content }) => ({ role, content }));
  // The system line stands for what was left out.
  const cut = fitted.length - 1 < turn.history.length;
  const messages = excerpts === null ? fitted : withExcerpts(fitted, excerpts);
  const unregister = ctx.cancels.register(turn.messageId, () => work.stop("cancelled"));
  let pieces = 0;
  let finishReason = "stop";
  let usage: AnswerUsage | null = null;
  const estimate = (): AnswerUsage => ({
    promptTokens: messages.reduce((sum, { content }) => sum + estimateTokens(content), 0),
    completionTokens: pieces,
    estimated: true,
  });
  const close = async (ending: Omit<Ending, "content">, outcome: AnswerOutcome, end: AnswerEnd): Promise<void> => {
    const saved = await save(ctx, turn, { ...ending, content: answer.text }, cut);
    ctx.metrics.answer(saved || outcome !== "complete" ? outcome : "failed");
    // A reader must not believe in an answer that a reload would not show.
    ctx.answers.close(turn.messageId, saved ? end : notSaved);
  };
  try {
    const cloud = await cloudAllowed(ctx, turn.userId);
    const payer = { userId: user.id, tenant: user.tenant, keyId: null };
    const request = { model, messages, maxTokens: answerTokens(contextTokens), cloud, payer, requestId: turn.messageId };
    for await (const event of streamCompletion(ctx, request, work.signal)) {
      if (event.kind === "finish") finishReason = event.reason;
      else if (event.kind === "usage") usage = { promptTokens: event.promptTokens, completionTokens: event.completionTokens };
      else {
        pieces++;
        answer.append(event.text);
      }
    }
    const data = { finishReason, usage: usage ?? estimate() };
    await close({ status: "complete", ...data }, "complete", { event: "done", data });
  } catch (error) {
    const reason = stopReason(work.signal);
    if (reason === "cancelled") {
      const data = { finishReason: "cancelled", usage: estimate() };
      await close({ status: "cancelled", ...data }, "cancelled", { event: "done", data });
    } else {
      const failure = reason === null ? error : new AppError("shutting_down", { cause: error });
      const { code, message, cause } = failure instanceof AppError ? failure : new AppError("internal", { cause: failure });
      ctx.log.warn({ err: cause, code, messageId: turn.messageId }, "answer failed");
      const outcome = code === "shutting_down" ? "shut_down" : "failed";
      await close({ status: "failed", finishReason: code, usage: null }, outcome, { event: "error", data: { code, message } });
    }
  } finally {
    unregister();
  }
}

/** One system line: some chat templates take no second one. */
function withExcerpts([system, ...rest]: readonly ChatMessage[], { content }: ChatMessage): ChatMessage[] {
  return [{ role: "system", content: `${system?.content ?? ""}\n\n${content}` }, ...rest];
}

const notSaved: AnswerEnd = { event: "error", data: { code: "unavailable", message: "The answer could not be saved." } };

/** Three attempts: a restart of PostgreSQL at the wrong moment must not cost the answer. */
async function save({ db, log }: AnswerContext, turn: Turn, ending: Ending, cut: boolean): Promise<boolean> {
  for (const waitMs of [250, 1_000, 0]) {
    try {
      return await transaction(db, async (client) => {
        const saved = await endTurn(client, turn.messageId, ending, turn.sealer);
        if (saved && ending.status === "complete") await askForWork(client, turn, cut);
        return saved;
      });
    } catch (error) {
      log.warn({ err: error, messageId: turn.messageId }, "could not save the answer");
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }
  return false;
}

/** What the worker does for a conversation after an answer: a title, and notes of what no prompt holds any more. */
async function askForWork(db: Queryable, { conversationId: id, titled }: Turn, cut: boolean): Promise<void> {
  if (!titled) await enqueue(db, "chat-title", id, { conversationId: id });
  if (cut) await enqueue(db, "chat-summary", id, { conversationId: id });
}
