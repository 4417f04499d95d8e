import { z } from "zod";
import type { Endpoint } from "../usage.ts";
import { readText, type Upstream } from "../upstream.ts";

/** One model as its runtime lists it; what else the runtime says about it is kept. */
export interface ListedModel {
  readonly id: string;
  readonly [field: string]: unknown;
}

/** What the last look at a runtime showed. */
export interface RuntimeState {
  readonly reachable: boolean;
  /** Model in memory; null: the runtime does not say. */
  readonly loaded: boolean | null;
  readonly tokensPerSecond: number | null;
  readonly models: readonly ListedModel[];
}

export const away: RuntimeState = { reachable: false, loaded: null, tokensPerSecond: null, models: [] };

/** A runtime's refusal as it came, or as the adapter makes it readable. */
export interface Refusal {
  readonly status: number;
  readonly body: string;
}

/** All that differs between runtimes that speak OpenAI's protocol. */
export interface Adapter {
  /** Base when none is configured; null: it must be. */
  readonly baseUrl: string | null;
  readonly needsKey: boolean;
  /** True: what is asked leaves the house, unless the configuration says otherwise. */
  readonly cloud: boolean;
  /** Parts of the protocol it serves, unless the configuration says otherwise. */
  readonly endpoints: readonly Endpoint[];
  /** Requests it is given at once, unless the configuration says otherwise. */
  readonly concurrency: number;
  /** True: it tells a stream's usage when `stream_options.include_usage` asks for it. */
  readonly usageInStream: boolean;
  /** The field it takes for the longest chat answer. */
  readonly maxTokensField: "max_tokens" | "max_completion_tokens";
  /** What it does with a prompt that is too long: says so, or cuts it silently. */
  readonly longPrompt: "refuses" | "truncates";
  /** Looks at it without making it work. May throw: then it is away. */
  readonly look: (upstream: Upstream, signal: AbortSignal) => Promise<RuntimeState>;
  /** Loads a model before somebody waits for it; absent: there is nothing to load. */
  readonly warmUp?: (upstream: Upstream, model: string, signal: AbortSignal) => Promise<void>;
  /** Puts its own kinds of refusal into OpenAI's words; absent: they need no care. */
  readonly refusal?: (refusal: Refusal) => Refusal;
}

/** What most have in common. */
export const ordinary = {
  baseUrl: null,
  needsKey: false,
  cloud: false,
  endpoints: ["chat", "completions", "embeddings", "responses"],
  concurrency: 1_024,
  usageInStream: true,
  maxTokensField: "max_tokens",
  longPrompt: "refuses",
  look: async (upstream, signal) => ({ ...away, reachable: true, models: await listModels(upstream, signal) }),
} as const satisfies Adapter;

const modelList = z.looseObject({ data: z.array(z.looseObject({ id: z.string() })) });

/** GET /models. @throws when there is no such list */
export async function listModels(upstream: Upstream, signal: AbortSignal): Promise<ListedModel[]> {
  const listed = await upstream.request({ method: "GET", path: "/models", signal, headersTimeout: 5_000 });
  const text = await readText(listed, 4 * 1024 * 1024);
  if (listed.statusCode !== 200) throw new Error(`models: status ${listed.statusCode}`);
  return modelList.parse(JSON.parse(text)).data;
}

/** One token of an answer nobody reads: the only way to load a model over this protocol. */
export async function askOneToken(upstream: Upstream, model: string, signal: AbortSignal): Promise<void> {
  const body = JSON.stringify({ model, messages: [{ role: "user", content: "Hi" }], max_tokens: 1 });
  await readText(await upstream.request({ method: "POST", path: "/chat/completions", body, signal }));
}

/** The JSON of a text; null when it is none. */
export function tryJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
