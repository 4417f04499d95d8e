import { text } from "node:stream/consumers";
import { createParser } from "eventsource-parser";
import { CliError } from "./errors.ts";
import { openRequest, type Reach } from "./reach.ts";

/** What the proof saw: the product answered one question as a stream. */
export interface Proof {
  readonly question: string;
  readonly answer: string;
  readonly events: number;
  /** Milliseconds from the request to the first piece of the answer. */
  readonly firstTokenMs: number;
  readonly totalMs: number;
  readonly completionTokens: number;
}

export interface ProofOptions {
  /** Base URL without /v1, as people reach it, and how it is reached from here. */
  readonly reach: Reach;
  readonly apiKey: string;
  readonly model: string;
  readonly signal: AbortSignal;
  /** @default 180000 */
  readonly timeoutMs?: number;
}

const question = "Say hello in one short sentence.";

/**
 * Asks one question through the proxy and demands a real stream: at least three events at different times and usage above zero.
 * Throws CliError exit 1 with what was seen instead.
 */
export async function proveAnswer({ reach, apiKey, model, signal, timeoutMs = 180_000 }: ProofOptions): Promise<Proof> {
  const startedAt = performance.now();
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  try {
    const response = await openRequest(reach, "/v1/chat/completions", {
      method: "POST",
      headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
      body: JSON.stringify({
        model,
        messages: [{ role: "user", content: question }],
        stream: true,
        stream_options: { include_usage: true },
        max_tokens: 48,
      }),
      signal: limit,
    });
    if (response.statusCode !== 200)
      throw new CliError(`it answered ${response.statusCode}: ${(await text(response)).slice(0, 500)}`);
    const arrivals: number[] = [];
    let answer = "";
    let completionTokens = 0;
    const parser = createParser({
      onEvent: ({ data }) => {
        arrivals.push(performance.now() - startedAt);
        if (data === "[DONE]") return;
        const chunk = JSON.parse(data) as Chunk;
        if (chunk.error !== undefined) throw new CliError(`the stream reported an error: ${JSON.stringify(chunk.error)}`);
        answer += chunk.choices?.[0]?.delta?.content ?? "";
        completionTokens = chunk.usage?.completion_tokens ?? completionTokens;
      },
    });
    const decoder = new TextDecoder();
    for await (const bytes of response as AsyncIterable<Buffer>) parser.feed(decoder.decode(bytes, { stream: true }));
    const moments = new Set(arrivals.map((time) => Math.round(time))).size;
    if (moments < 3 || completionTokens === 0) {
      throw new CliError(
        `it did not stream: ${arrivals.length} events at ${moments} moments, ${completionTokens} tokens counted`,
      );
    }
    return {
      question,
      answer,
      events: arrivals.length,
      firstTokenMs: arrivals[0] ?? 0,
      totalMs: performance.now() - startedAt,
      completionTokens,
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CliError(`The product is up, but the test question through ${reach.url} failed: ${reason}`, {
      code: "proof-failed",
      fix: "./fidus logs community api",
      cause: error,
    });
  }
}

interface Chunk {
  readonly error?: unknown;
  readonly choices?: readonly { readonly delta?: { readonly content?: string | null } }[];
  readonly usage?: { readonly completion_tokens?: number } | null;
}
