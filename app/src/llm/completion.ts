import { z } from "zod";
import { AppError } from "../errors.ts";
import { TextRestorer } from "../redaction/placeholders.ts";
import { tryJson } from "./adapters/adapter.ts";
import { demandOf, paths, readCall, redactedOf } from "./call.ts";
import type { Gateway } from "./gateway.ts";
import type { LlmMetrics } from "./llm-metrics.ts";
import { RefusalError } from "./refusal.ts";
import { SseScanner } from "./sse-scanner.ts";
import { paidFor } from "./plan.ts";
import { stopReason, upstreamError } from "./upstream.ts";
import { readUsage, type Candidate, type ExchangeOutcome, type Meter, type Payer, type Usage } from "./usage.ts";

export interface ChatMessage {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

export interface CompletionRequest {
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  /** Longest answer in tokens. */
  readonly maxTokens: number;
  /** True: models outside the house may answer. */
  readonly cloud: boolean;
  readonly payer: Payer;
  readonly requestId: string;
}

/** What happens in an answer, in this order: texts, one finish, perhaps usage. */
export type CompletionEvent =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "finish"; readonly reason: string }
  | { readonly kind: "usage"; readonly promptTokens: number; readonly completionTokens: number };

const chunk = z.looseObject({
  choices: z
    .array(
      z.looseObject({
        delta: z.looseObject({ content: z.string().nullish() }).nullish(),
        finish_reason: z.string().nullish(),
      }),
    )
    .default([]),
  usage: z.unknown().optional(),
  error: z.unknown().optional(),
});

/**
 * Asks for one streamed answer. An error inside the stream, an early close or a missing finish reason is a failure,
 * never a normal end.
 * @throws AppError
 */
export async function* streamCompletion(
  { gateway, meter, llmMetrics }: { gateway: Gateway; meter: Meter; llmMetrics: LlmMetrics },
  { model, messages, maxTokens, cloud, payer, requestId }: CompletionRequest,
  signal: AbortSignal,
): AsyncGenerator<CompletionEvent> {
  const json = { model, messages, max_tokens: maxTokens, stream: true, stream_options: { include_usage: true } };
  const call = readCall("chat", Buffer.from(JSON.stringify(json)));
  const plan = gateway.planner.plan({ model, endpoint: "chat", cloud, unreadable: call.unreadable });
  await gateway.redact(call, plan);
  const started = performance.now();
  const admission = await meter.admit(demandOf(call, plan, { ...payer, requestId }));
  let asked: Candidate | null = null;
  const onAsk = (who: Candidate): void => {
    asked = who;
  };
  const question = {
    path: paths.chat,
    targets: paidFor(plan.targets, admission),
    body: call.bodies(admission.maxTokens),
    onAsk,
    signal,
  };
  const settle = (outcome: ExchangeOutcome, usage: Usage, firstByteMs: number | null): void => {
    void admission.settle({ candidate: asked, outcome, usage });
    const totalMs = performance.now() - started;
    llmMetrics.answer({ runtime: asked?.runtime ?? null, endpoint: "chat", outcome, totalMs, firstByteMs, usage });
  };
  const { target, first, rest, end, firstByteMs } = await gateway.ask(question).catch((error: unknown) => {
    const refused = error instanceof RefusalError;
    const outcome = signal.aborted ? outcomeOfStop(signal) : refused && error.status < 500 ? "refused" : "failed";
    settle(outcome, { prompt: 0, completion: 0, estimated: !refused }, null);
    throw refused ? refusal(error) : error;
  });
  let used: Usage | null = null;
  let texts = 0;
  let how: Parameters<typeof end>[0] = "left";
  const restorer = target.runtime.config.redaction === "off" ? null : new TextRestorer(redactedOf(call).placeholders);
  try {
    const scanner = new SseScanner();
    let finished = false;
    for await (const bytes of pieces(first, rest)) {
      for (const { data } of scanner.push(bytes)) {
        if (data === "[DONE]") continue;
        for (const event of eventsOf(data)) {
          finished ||= event.kind === "finish";
          if (event.kind === "text") texts++;
          if (event.kind === "usage") used = { prompt: event.promptTokens, completion: event.completionTokens, estimated: false };
          yield* restorer === null ? [event] : restoredEvents(restorer, event);
        }
      }
    }
    if (!finished) throw new AppError("runtime_broken");
    how = "complete";
  } catch (error) {
    if (!signal.aborted) how = "failed";
    const held = restorer?.flush() ?? "";
    if (held !== "") yield { kind: "text", text: held };
    throw upstreamError(error);
  } finally {
    end(how);
    const usage = used ?? { prompt: call.promptTokens, completion: texts, estimated: true };
    const outcome = how === "complete" ? "complete" : how === "left" ? outcomeOfStop(signal) : "failed";
    settle(outcome, usage, firstByteMs);
  }
}

function* restoredEvents(restorer: TextRestorer, event: CompletionEvent): Generator<CompletionEvent> {
  const text = event.kind === "text" ? restorer.push(event.text) : event.kind === "finish" ? restorer.flush() : "";
  if (text !== "") yield { kind: "text", text };
  if (event.kind !== "text") yield event;
}

/** Whoever stops reading without a reason has gone. */
function outcomeOfStop(signal: AbortSignal): ExchangeOutcome {
  const reason = stopReason(signal);
  return reason === "cancelled" ? "cancelled" : reason === "shutting-down" ? "shut_down" : "client_gone";
}

async function* pieces(first: Buffer, rest: AsyncIterable<unknown> | null): AsyncGenerator<Buffer> {
  yield first;
  if (rest !== null) yield* rest as AsyncIterable<Buffer>;
}

function* eventsOf(data: string): Generator<CompletionEvent> {
  const parsed = chunk.safeParse(tryJson(data));
  if (!parsed.success || parsed.data.error !== undefined) throw new AppError("runtime_broken", { cause: parsed.error });
  const choice = parsed.data.choices[0];
  // A model may write any character; PostgreSQL keeps every one but NUL, and one of them must not cost the answer.
  const text = choice?.delta?.content?.replaceAll("\0", "");
  if (text) yield { kind: "text", text };
  if (choice?.finish_reason) yield { kind: "finish", reason: choice.finish_reason };
  const usage = readUsage(parsed.data.usage);
  if (usage !== null) yield { kind: "usage", promptTokens: usage.prompt, completionTokens: usage.completion };
}

/** A runtime's refusal in our own words: what it said is logged, never sent. */
export function refusal(error: RefusalError): AppError {
  const { status, retryAfter, body } = error;
  const cause = new Error(body);
  if (status !== 429 && status !== 503) return new AppError("runtime_refused", { cause });
  const wait = retryAfter === null ? {} : { retryAfter };
  return new AppError("unavailable", { message: "The language model is busy. Try again shortly.", cause, ...wait });
}
