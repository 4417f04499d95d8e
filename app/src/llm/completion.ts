import { z } from "zod";
import { AppError } from "../errors.ts";
import { normalizeErrorBody } from "./openai-errors.ts";
import { SseScanner } from "./sse-scanner.ts";
import { readText, upstreamError, type Upstream } from "./upstream.ts";

export interface ChatMessage {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

export interface CompletionRequest {
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  /** Longest answer in tokens. */
  readonly maxTokens: number;
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
  usage: z.looseObject({ prompt_tokens: z.number(), completion_tokens: z.number() }).nullish(),
  error: z.unknown().optional(),
});

/**
 * Asks for one streamed answer. An error inside the stream, an early close or a missing finish reason is a failure,
 * never a normal end.
 * @throws AppError
 */
export async function* streamCompletion(
  upstream: Upstream,
  { model, messages, maxTokens }: CompletionRequest,
  signal: AbortSignal,
): AsyncGenerator<CompletionEvent> {
  const body = JSON.stringify({ model, messages, max_tokens: maxTokens, stream: true, stream_options: { include_usage: true } });
  const response = await upstream.request({ method: "POST", path: "/chat/completions", body, signal });
  if (response.statusCode !== 200) throw await refusal(response);
  const scanner = new SseScanner();
  let finished = false;
  try {
    for await (const bytes of response.body as AsyncIterable<Buffer>) {
      for (const { data } of scanner.push(bytes)) {
        if (data === "[DONE]") continue;
        for (const event of eventsOf(data)) {
          finished ||= event.kind === "finish";
          yield event;
        }
      }
    }
  } catch (error) {
    throw upstreamError(error);
  }
  if (!finished) throw new AppError("runtime_broken");
}

function* eventsOf(data: string): Generator<CompletionEvent> {
  const parsed = chunk.safeParse(tryJson(data));
  if (!parsed.success || parsed.data.error !== undefined) throw new AppError("runtime_broken", { cause: parsed.error });
  const choice = parsed.data.choices[0];
  // A model may write any character; PostgreSQL keeps every one but NUL, and one of them must not cost the answer.
  const text = choice?.delta?.content?.replaceAll("\0", "");
  if (text) yield { kind: "text", text };
  if (choice?.finish_reason) yield { kind: "finish", reason: choice.finish_reason };
  const { usage } = parsed.data;
  if (usage) yield { kind: "usage", promptTokens: usage.prompt_tokens, completionTokens: usage.completion_tokens };
}

async function refusal(response: Awaited<ReturnType<Upstream["request"]>>): Promise<AppError> {
  const { statusCode } = response;
  const cause = new Error(normalizeErrorBody(await readText(response), statusCode));
  if (statusCode === 429 || statusCode === 503) {
    const retryAfter = Number(response.headers["retry-after"]);
    const wait = Number.isFinite(retryAfter) ? { retryAfter } : {};
    return new AppError("unavailable", { message: "The language model is busy. Try again shortly.", cause, ...wait });
  }
  return new AppError("runtime_refused", { cause });
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
