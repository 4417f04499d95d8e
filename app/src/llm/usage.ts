import type { TokensLeft } from "../http/token-allowance.ts";

/** Tokens of one exchange with a language model. */
export interface Usage {
  readonly prompt: number;
  readonly completion: number;
  /** True: the runtime did not say (or was left before it could), and these are our own figures. */
  readonly estimated: boolean;
}

/** The parts of the OpenAI protocol that ask a model for something. */
export const endpoints = ["chat", "completions", "embeddings", "responses"] as const;
export type Endpoint = (typeof endpoints)[number];

/** Who might answer: the runtime's name in the configuration, and its own name for the model. */
export interface Candidate {
  readonly runtime: string;
  readonly model: string;
  /** True: what is asked leaves the house. */
  readonly cloud: boolean;
}

/** What a meter knows before a runtime is asked. */
export interface Demand {
  readonly userId: string;
  /** Group whose budget pays. */
  readonly tenant: string;
  /** Key the request came with; null: the page. */
  readonly keyId: string | null;
  /** Limit of the key's own. @default the installation's */
  readonly tokensPerMinute?: number | null;
  /** Told what is left of the tokens per minute, where they are limited: also when that is too little. */
  readonly onTokensLeft?: (left: TokensLeft) => void;
  /** What the money is spent for, as budgets and reports name it. @default "page" without a key, else the endpoint */
  readonly feature?: string;
  readonly requestId: string;
  readonly endpoint: Endpoint;
  /** Name the caller used: an alias, or a runtime's own model name. */
  readonly model: string;
  /** Everybody who may answer, in order: fall-backs too, so that a reservation covers the dearest. Never empty. */
  readonly candidates: readonly Candidate[];
  /** Tokens of the prompt, estimated high. */
  readonly promptTokens: number;
  /** Bytes of the request: its prompt has no more tokens than that. */
  readonly promptBytes: number;
  /** Longest answer the caller asked for; null: no limit given. */
  readonly maxTokens: number | null;
  /** Answers asked for at once. */
  readonly choices: number;
}

/** Who pays for an exchange. */
export type Payer = Pick<Demand, "userId" | "tenant" | "keyId" | "feature" | "tokensPerMinute">;

/** How an exchange ended. "failed": no answer, or a broken one; "refused": the runtime's own 4xx; "cached": nobody was asked. */
export type ExchangeOutcome = "cached" | "complete" | "failed" | "refused" | "client_gone" | "cancelled" | "shut_down";

/** What a meter learns afterwards: exactly once per admitted demand. */
export interface Settlement {
  /** Who answered; null: nobody was reached, nothing was used. */
  readonly candidate: Candidate | null;
  readonly outcome: ExchangeOutcome;
  readonly usage: Usage;
}

export interface Admission {
  /** Those of the demand's candidates who may be asked: nobody who costs money when there is none left. */
  readonly candidates: readonly Candidate[];
  /** Longest answer that is paid for; the gateway writes it into the request where it is below the caller's. Null: no limit. */
  readonly maxTokens: number | null;
  /** Called exactly once, whatever happens. Must not throw: the answer is already out. */
  readonly settle: (settlement: Settlement) => void | Promise<void>;
}

/** Admits demands and is told what became of them: budgets reserve and settle here. */
export interface Meter {
  /** @throws AppError to refuse the request; nothing is asked then, and nothing is to be settled. */
  readonly admit: (demand: Demand) => Admission | Promise<Admission>;
  /** Writes down an answer that the response cache gave: it costs nothing. */
  readonly cached: (call: Payer & Pick<Demand, "endpoint" | "model">, candidate: Candidate, usage: Usage) => void;
}

/**
 * Tokens of a text, estimated high: 3 bytes each. Real tokenizers differ by model; nothing that is estimated here is
 * ever called exact.
 */
export function tokensOfBytes(bytes: number): number {
  return Math.ceil(bytes / 3);
}

/** Usage in either dialect: chat and embeddings say prompt/completion, responses say input/output. */
interface WireUsage {
  readonly prompt_tokens?: unknown;
  readonly completion_tokens?: unknown;
  readonly input_tokens?: unknown;
  readonly output_tokens?: unknown;
}

/** A usage object as it came over the wire; null when it is none. Embeddings have no completion: 0. */
export function readUsage(value: unknown): Usage | null {
  if (typeof value !== "object" || value === null) return null;
  const wire: WireUsage = value;
  const prompt = count(wire.prompt_tokens) ?? count(wire.input_tokens);
  if (prompt === null) return null;
  return { prompt, completion: count(wire.completion_tokens) ?? count(wire.output_tokens) ?? 0, estimated: false };
}

/** More than any model can use: who says so counts wrong, and is not believed. */
const mostTokens = 1_000_000_000;

function count(value: unknown): number | null {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= mostTokens ? value : null;
}

/**
 * The last usage object of a JSON text, without parsing the rest: an answer of embeddings is megabytes of numbers. Inside a
 * string the quotes around `usage` are escaped, so the text of an answer cannot pose as one.
 */
export function usageInText(text: string): Usage | null {
  for (let at = text.lastIndexOf('"usage"'); at !== -1; at = at === 0 ? -1 : text.lastIndexOf('"usage"', at - 1)) {
    const object = /^"usage"\s*:\s*(?=\{)/.exec(text.slice(at, at + 64));
    if (object === null) continue;
    const usage = readUsage(parseObject(text, at + object[0].length));
    if (usage !== null) return usage;
  }
  return null;
}

/** The JSON object that begins at `start`; null when it does not end. */
function parseObject(text: string, start: number): unknown {
  let depth = 0;
  let quoted = false;
  for (let at = start; at < text.length; at++) {
    const char = text[at];
    if (char === "\\") at++;
    else if (char === '"') quoted = !quoted;
    else if (!quoted && char === "{") depth++;
    else if (!quoted && char === "}" && --depth === 0) return JSON.parse(text.slice(start, at + 1)) as unknown;
  }
  return null;
}
