import { z } from "zod";
import { errorTable, type ErrorCode } from "../../errors.ts";
import type { Operation } from "./operations.ts";
import { responseSchema } from "./schema.ts";

type Json = Readonly<Record<string, unknown>>;

const errorCodes = Object.keys(errorTable) as [ErrorCode, ...ErrorCode[]];

/** The two shapes of an error: ours, and OpenAI's below /v1. */
export const errorSchemas = {
  Error: responseSchema(z.object({ error: z.object({ code: z.enum(errorCodes), message: z.string() }) })),
  OpenAIError: responseSchema(
    z.looseObject({
      error: z.looseObject({
        message: z.string(),
        type: z.string(),
        param: z.string().nullable(),
        code: z.union([z.string(), z.number()]).nullable(),
      }),
    }),
  ),
} as const;

/** On every answer. */
export const headers: Json = {
  "X-Request-Id": {
    required: true,
    description: "Name of this request in our logs: the caller's own `X-Request-Id`, or a new one.",
    schema: { type: "string", pattern: "^[\\w.-]{1,64}$" },
  },
};

const retryAfter: Json = {
  description: "Seconds after which another attempt makes sense.",
  schema: { type: "string", pattern: "^\\d+$" },
};

/** Whatever stands between a caller and a model. */
const ofModels: readonly ErrorCode[] = [
  "unsupported_endpoint",
  "not_redactable",
  "cloud_not_allowed",
  "model_not_found",
  "budget_exhausted",
  "runtime_busy",
  "runtime_refused",
  "runtime_unreachable",
  "runtime_broken",
  "no_model",
  "queue_timeout",
  "runtime_paused",
  "budget_closed",
  "shutting_down",
  "runtime_timeout",
];

/** What single operations may fail with beyond what their parts tell. */
const own: Readonly<Record<string, readonly ErrorCode[]>> = {
  "get /v1/models": ["no_model", "shutting_down"],
  "get /v1/models/{id}": ["model_not_found", "shutting_down"],
  "post /v1/chat/completions": ofModels,
  "post /v1/completions": ofModels,
  "post /v1/embeddings": ofModels,
  "post /v1/responses": ofModels,
  "post /api/v1/chat": ["not_found", "conversation_busy", "knowledge_off", "knowledge_away", ...ofModels],
  "get /api/v1/documents": ["knowledge_off"],
  "post /api/v1/documents": ["knowledge_off", "conflict", "unreadable_document", "shutting_down"],
  "post /api/v1/documents/search": ["knowledge_off", "knowledge_away", ...ofModels],
  "get /api/v1/chat/{messageId}/events": ["invalid_request"],
  "delete /api/v1/me": ["wrong_credentials", "last_admin"],
  "post /api/v1/admin/users": ["conflict"],
  "patch /api/v1/admin/users/{id}": ["last_admin"],
  "delete /api/v1/admin/users/{id}": ["last_admin"],
  "post /api/v1/auth/login": ["wrong_credentials", "forbidden", "too_many_requests", "unavailable"],
  "post /api/v1/auth/mock": ["forbidden", "account_disabled", "unavailable"],
  "get /api/v1/auth/oidc/login": ["too_many_requests", "provider_away"],
};

function codesOf({ method, path, access, body, file, query }: Operation): ErrorCode[] {
  const named = path.includes("{");
  const sent = body !== undefined || file !== undefined;
  return [
    ...(access === "public" ? [] : (["unauthenticated", "not_allowed", "too_many_requests", "unavailable"] as const)),
    ...(access === "public" || method === "get" || path.startsWith("/v1/") ? [] : (["forbidden"] as const)),
    ...(!sent && query === undefined && !named ? [] : (["invalid_request"] as const)),
    ...(!sent ? [] : (["too_large"] as const)),
    ...(named ? (["not_found"] as const) : []),
    ...(own[`${method} ${path}`] ?? []),
  ];
}

/** The ways in which an operation fails: a response per status, with the codes that have it. */
export function failureResponses(operation: Operation): Record<string, Json> {
  const { path, method } = operation;
  const byStatus = Map.groupBy(new Set(codesOf(operation)), (code) => String(errorTable[code].status));
  const ours = !path.startsWith("/v1/");
  const schema = { $ref: `#/components/schemas/${ours ? "Error" : "OpenAIError"}` };
  const response = (status: string, description: string): Json => ({
    description,
    headers: { ...headers, ...(["429", "503"].includes(status) ? { "Retry-After": retryAfter } : {}) },
    content: { "application/json": { schema } },
  });
  const known = [...byStatus].map(([status, codes]) => {
    const said = codes.map((code) => (ours ? `\`${code}\`: ${errorTable[code].text}` : errorTable[code].text));
    return [status, response(status, said.join(" "))] as const;
  });
  const passedOn = !ours && method === "post" ? [["4XX", response("4XX", "What the runtime refused, in its own words.")]] : [];
  return Object.fromEntries([...known, ...passedOn]) as Record<string, Json>;
}
