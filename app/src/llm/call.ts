import { z } from "zod";
import { AppError } from "../errors.ts";
import { parse, storableText } from "../http/parse.ts";
import type { Redacted } from "../redaction/redactor.ts";
import { holdsUnreadable } from "../redaction/unreadable.ts";
import { setMembers } from "./json-members.ts";
import { candidate, type Plan, type Target } from "./plan.ts";
import { tokensOfBytes, type Demand, type Endpoint, type Payer } from "./usage.ts";

/** Where each endpoint is below a runtime's base. */
export const paths = {
  chat: "/chat/completions",
  completions: "/completions",
  embeddings: "/embeddings",
  responses: "/responses",
} as const satisfies Record<Endpoint, string>;

/** What is reserved for a call is a product of these: it must stay a number. */
const mostTokens = 10_000_000;
const mostChoices = 1_024;
const mostPrompts = 2_048;
const limit = z.int().min(1).max(mostTokens).nullish();
const choices = z.int().min(1).max(mostChoices).nullish();
const common = {
  model: storableText.min(1).max(200).optional(),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  max_tokens: limit,
  max_completion_tokens: limit,
  max_output_tokens: limit,
  n: choices,
  best_of: choices,
};
const text = z.union([z.string(), z.array(z.unknown()).min(1)]);
const stateless = "needs to be left out: this gateway keeps no responses";

/** Checked loosely: whatever else a caller sends is the runtime's business and passes on untouched. */
export const callBodies = {
  chat: z.looseObject({ ...common, messages: z.array(z.looseObject({ role: z.string() })).min(1) }),
  completions: z.looseObject({ ...common, prompt: text }),
  embeddings: z.looseObject({ ...common, input: text }),
  responses: z.looseObject({
    ...common,
    input: text,
    store: z.literal(false, "needs to be false: this gateway keeps no responses").nullish(),
    background: z.literal(false, "needs to be false: this gateway keeps no responses").nullish(),
    previous_response_id: z.null(stateless).optional(),
    conversation: z.null(stateless).optional(),
  }),
} as const satisfies Record<Endpoint, z.ZodType>;

/** The members that a prompt is made of. */
const promptMembers = ["messages", "prompt", "input", "instructions", "tools", "functions"] as const;

/** A caller's request: what the gateway needs to know of it, and its bytes. */
export interface Call {
  readonly endpoint: Endpoint;
  readonly raw: Buffer;
  /** Null: none named. */
  readonly model: string | null;
  readonly stream: boolean;
  /** The usage of a stream is asked for by us, so its event is not for the caller. */
  readonly hideUsage: boolean;
  readonly maxTokens: number | null;
  /** Answers asked for at once. */
  readonly choices: number;
  /** Estimated high. */
  readonly promptTokens: number;
  /** True: the same request may have the same answer: its temperature is 0, or it asks for embeddings. */
  readonly repeatable: boolean;
  /** True: the answer may make a tool act. */
  readonly acts: boolean;
  /** True: it holds pictures or the like, which nobody can redact. */
  readonly unreadable: boolean;
  /** True: the answer is to be JSON. */
  readonly jsonAnswer: boolean;
  /** The request without personal data; null until the gateway made it for somebody outside the house. */
  redacted: Redacted | null;
  /** What a runtime gets, with an answer of so many tokens at most: its own name for the model; all else stays byte for byte, or is redacted on its way out of the house. */
  readonly bodies: (paidFor: number | null) => (target: Target) => Buffer;
}

/** Reads a request body. @throws AppError invalid_request */
export function readCall(endpoint: Endpoint, raw: unknown): Call {
  if (!Buffer.isBuffer(raw)) throw new AppError("invalid_request", { message: "The body is empty; it must be JSON." });
  const body = parse(callBodies[endpoint], parseJson(raw)) as z.output<(typeof callBodies)["chat"]>;
  const { model = null, stream, stream_options: streamOptions } = body;
  const streams = stream === true;
  const chunks = endpoint === "chat" || endpoint === "completions";
  const askUsage = streams && chunks && streamOptions?.include_usage !== true;
  const limits = (["max_tokens", "max_completion_tokens", "max_output_tokens"] as const).filter((name) => body[name] != null);
  const maxTokens = limits.length === 0 ? null : Math.min(...limits.map((name) => body[name] ?? Infinity));

  const bodies =
    (paidFor: number | null) =>
    (target: Target): Buffer => {
      const { config, adapter } = target.runtime;
      const members: Record<string, string> = {};
      if (model !== target.model) members["model"] = JSON.stringify(target.model);
      if (askUsage && config.usageInStream) members["stream_options"] = JSON.stringify({ ...streamOptions, include_usage: true });
      // Absent means true to OpenAI: then the answer would be kept there.
      if (endpoint === "responses") members["store"] = "false";
      if (paidFor !== null && endpoint !== "embeddings" && (maxTokens === null || maxTokens > paidFor)) {
        const own = { chat: adapter.maxTokensField, completions: "max_tokens", responses: "max_output_tokens" }[endpoint];
        for (const name of limits.length === 0 ? [own] : limits) members[name] = String(paidFor);
      }
      return setMembers(config.redaction === "off" ? raw : redactedOf(call).body, members);
    };
  const promptTokens = promptTokensOf(body);
  const call: Call = {
    endpoint,
    raw,
    model,
    stream: streams,
    hideUsage: askUsage,
    maxTokens,
    choices: choicesOf(body),
    promptTokens,
    repeatable: endpoint === "embeddings" || body["temperature"] === 0,
    acts: ["tools", "functions"].some((name) => body[name] != null && !(Array.isArray(body[name]) && body[name].length === 0)),
    unreadable: holdsUnreadable(body),
    jsonAnswer: raw.includes('"json_') && jsonAnswer.test(raw.toString("latin1")),
    redacted: null,
    bodies,
  };
  return call;
}

/** @throws when it was not made: then nothing may leave */
export function redactedOf({ redacted }: Pick<Call, "redacted">): Redacted {
  if (redacted === null) throw new Error("a request was to leave the house as it is");
  return redacted;
}

/** In a text the quotes would be escaped. */
const jsonAnswer = /"type"\s*:\s*"json_(?:schema|object)"/;

/** Completions answer each of several prompts; a list of numbers is one prompt in tokens. */
function choicesOf({ n, best_of: bestOf, prompt }: Readonly<Record<string, unknown>>): number {
  const prompts = Array.isArray(prompt) && typeof prompt[0] !== "number" ? prompt.length : 1;
  if (prompts > mostPrompts) {
    throw new AppError("invalid_request", {
      message: `prompt: got ${prompts} prompts; at most ${mostPrompts}.`,
      param: "prompt",
    });
  }
  return prompts * Math.max(Number(n ?? 1), Number(bestOf ?? 1));
}

function parseJson(raw: Buffer): unknown {
  try {
    return JSON.parse(raw.toString("utf8")) as unknown;
  } catch (error) {
    throw new AppError("invalid_request", { message: "The body is not valid JSON.", cause: error });
  }
}

/** A picture costs tokens by its size in pixels, which nobody knows here: a large one. */
const tokensOfPicture = 1_500;

/** Tokens of all the texts in a prompt, however deep; numbers are tokens already. */
function promptTokensOf(body: Readonly<Record<string, unknown>>): number {
  let bytes = 0;
  let tokens = 0;
  const open: unknown[] = promptMembers.map((name) => body[name]);
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value === "number") tokens++;
    else if (typeof value === "string") {
      if (value.startsWith("data:")) tokens += tokensOfPicture;
      else bytes += value.length + 1;
    } else if (typeof value === "object" && value !== null) {
      for (const inner of Object.values(value)) open.push(inner);
    }
  }
  return tokens + tokensOfBytes(bytes);
}

/** What a meter is asked for a call that these may answer. Placeholders may be longer than what they stand for. */
export function demandOf(
  { endpoint, promptTokens, maxTokens, choices, raw, redacted }: Call,
  { model, targets }: Plan,
  who: Payer & Pick<Demand, "requestId" | "onTokensLeft">,
): Demand {
  const longer = redacted === null ? 0 : Math.max(0, redacted.body.length - raw.length);
  return {
    ...who,
    endpoint,
    model,
    candidates: targets.map(candidate),
    promptTokens: promptTokens + tokensOfBytes(longer),
    promptBytes: raw.length + longer,
    maxTokens,
    choices,
  };
}
