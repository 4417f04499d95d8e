import { z } from "zod";
import type { EngineMessage, GenerateOptions } from "./protocol.ts";

/** A chat request the runtime can answer. */
export interface ChatRequest {
  readonly options: GenerateOptions;
  readonly model: string | null;
  readonly stream: boolean;
  readonly includeUsage: boolean;
}

/** Thrown for a request the runtime cannot answer; becomes a 400. */
export class BadRequestError extends Error {
  readonly param: string | null;
  readonly code: string;

  constructor(param: string | null, message: string, code = "invalid_request") {
    super(message);
    this.name = "BadRequestError";
    this.param = param;
    this.code = code;
  }
}

const textPart = z.looseObject({ type: z.literal("text"), text: z.string() });
const content = z.union([z.string(), z.array(textPart).transform((parts) => parts.map(({ text }) => text).join(""))]);
const limit = z.int().min(1).nullish();

const schema = z.looseObject({
  model: z.string().nullish(),
  messages: z.array(z.looseObject({ role: z.enum(["system", "developer", "user", "assistant"]), content })).min(1),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  max_tokens: limit,
  max_completion_tokens: limit,
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  seed: z.int().nullish(),
  stop: z.union([z.string(), z.array(z.string()).max(4)]).nullish(),
  n: z.literal(1, "only one answer is supported").nullish(),
  tools: z.array(z.unknown()).max(0, "tools are not supported by this runtime").nullish(),
  response_format: z.looseObject({ type: z.literal("text", "only text is supported by this runtime") }).nullish(),
  logprobs: z.literal(false, "log probabilities are not supported by this runtime").nullish(),
});

/** Reads an OpenAI chat request. What would change the answer and is not supported is refused, the rest ignored. */
export function readChatRequest(body: string): ChatRequest {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    throw new BadRequestError(null, "The body is not valid JSON.");
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const param = issue?.path.join(".") ?? null;
    throw new BadRequestError(param, `${param || "body"}: ${issue?.message ?? "invalid"}.`);
  }
  const { data } = parsed;
  const messages = data.messages.map(({ role, content: text }): EngineMessage => ({
    role: role === "developer" ? "system" : role,
    content: text,
  }));
  return {
    model: data.model ?? null,
    stream: data.stream === true,
    includeUsage: data.stream_options?.include_usage === true,
    options: {
      messages,
      maxTokens: data.max_completion_tokens ?? data.max_tokens ?? null,
      temperature: data.temperature ?? 0.7,
      topP: data.top_p ?? null,
      // llama.cpp takes 32 bits; any whole number is folded into them, so the same seed stays the same.
      seed: data.seed == null ? null : data.seed >>> 0,
      stop: typeof data.stop === "string" ? [data.stop] : (data.stop ?? []),
    },
  };
}
