import { text } from "node:stream/consumers";
import { createParser } from "eventsource-parser";
import retry from "p-retry";
import type { AppAdmin } from "./app-admin.ts";
import { CliError } from "./errors.ts";
import { openRequest, type Reach } from "./reach.ts";

/** What the proof saw: the product answered one question as a stream. */
export interface Proof {
  readonly question: string;
  readonly answer: string;
  /** Pieces of text that arrived. */
  readonly events: number;
  /** Milliseconds from the request to the first piece of the answer. */
  readonly firstTokenMs: number;
  readonly totalMs: number;
  readonly completionTokens: number;
}

export interface ProofOptions {
  /** Base URL without /v1, as people reach it, and how it is reached from here. */
  readonly reach: Reach;
  readonly model: string;
  readonly signal: AbortSignal;
  /** @default 180000 */
  readonly timeoutMs?: number;
}

// A greeting may be answered by one word, which cannot stream: seen, and `up` failed for it.
const question = "Count from one to ten, in words.";

/** The answer came, but not as a stream. A model may also have been brief: three words arrive at two moments. */
class NotStreamed extends Error {}

/**
 * Asks one question through the proxy, with a key that is revoked afterwards, and demands a real stream: text in at least three
 * pieces at different times and usage above zero. An answer that is none is asked for again, three times in all, because it may
 * have been too short to show one. Throws CliError exit 1 with what was seen instead.
 */
export async function prove(admin: Pick<AppAdmin, "temporaryKey" | "revoke">, options: ProofOptions): Promise<Proof> {
  const key = await admin.temporaryKey(null, 300);
  let proof: Proof;
  try {
    proof = await ask(key.apiKey, options);
  } catch (error) {
    // What went wrong first is what the operator must read; a key that stays ends by itself.
    await admin.revoke(key.id).catch(() => undefined);
    throw error;
  }
  await admin.revoke(key.id);
  return proof;
}

async function ask(apiKey: string, { reach, model, signal, timeoutMs = 180_000 }: ProofOptions): Promise<Proof> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  const shouldRetry = ({ error }: { error: unknown }): boolean => error instanceof NotStreamed;
  try {
    return await retry(() => askOnce(apiKey, reach, model, limit), { retries: 2, minTimeout: 0, signal: limit, shouldRetry });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CliError(`The product is up, but the test question through ${reach.url} failed: ${reason}`, {
      code: "proof-failed",
      fix: "./fidus logs community api",
      cause: error,
    });
  }
}

async function askOnce(apiKey: string, reach: Reach, model: string, signal: AbortSignal): Promise<Proof> {
  const startedAt = performance.now();
  const response = await openRequest(reach, "/v1/chat/completions", {
    method: "POST",
    headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
    body: JSON.stringify({
      model,
      messages: [{ role: "user", content: question }],
      stream: true,
      stream_options: { include_usage: true },
      max_tokens: 24,
    }),
    signal,
  });
  if (response.statusCode !== 200)
    throw new CliError(`it answered ${response.statusCode}: ${(await text(response)).slice(0, 500)}`);
  const { pieces, completionTokens } = await readStream(response, startedAt);
  const moments = new Set(pieces.map(({ at }) => at)).size;
  if (moments < 3 || !(completionTokens > 0)) {
    throw new NotStreamed(
      `it did not stream: ${pieces.length} pieces of text at ${moments} moments, ${completionTokens} tokens counted`,
    );
  }
  return {
    question,
    answer: pieces.map(({ content }) => content).join(""),
    events: pieces.length,
    firstTokenMs: pieces[0]?.at ?? 0,
    totalMs: Math.round(performance.now() - startedAt),
    completionTokens,
  };
}

interface Seen {
  /** Every piece of text, and the millisecond in which its packet came. */
  readonly pieces: { readonly content: string; readonly at: number }[];
  readonly completionTokens: number;
}

async function readStream(response: AsyncIterable<Buffer>, startedAt: number): Promise<Seen> {
  const pieces: Seen["pieces"] = [];
  let completionTokens = 0;
  let at = 0;
  const parser = createParser({
    onEvent: ({ data }) => {
      if (data === "[DONE]") return;
      const { error, choices, usage } = JSON.parse(data) as Chunk;
      if (error !== undefined) throw new CliError(`the stream reported an error: ${JSON.stringify(error)}`);
      const content = textOf(choices?.[0]?.delta);
      if (content !== "") pieces.push({ content, at });
      completionTokens = usage?.completion_tokens ?? completionTokens;
    },
  });
  const decoder = new TextDecoder();
  for await (const bytes of response) {
    at = Math.round(performance.now() - startedAt);
    parser.feed(decoder.decode(bytes, { stream: true }));
  }
  return { pieces, completionTokens };
}

/** A model that thinks before it speaks may not come further within the question's limit; runtimes have two names for that. */
function textOf(delta: Delta = {}): string {
  return [delta.reasoning_content, delta.reasoning, delta.content].find((text) => text) ?? "";
}

interface Delta {
  readonly content?: string | null;
  readonly reasoning?: string | null;
  readonly reasoning_content?: string | null;
}

interface Chunk {
  readonly error?: unknown;
  readonly choices?: readonly { readonly delta?: Delta }[];
  readonly usage?: { readonly completion_tokens?: number } | null;
}
