/**
 * What each operation answers with JSON, by method and path. Where the code has a type for it the schema is held against that type
 * by the compiler; all of them are held against the answers of a running app by contract.pg.test.ts.
 */
import { z } from "zod";
import { auditActions, type AuditEntry } from "../../admin/audit.ts";
import type { ApiKeySummary, NewApiKey } from "../../auth/api-keys.ts";
import { scopeNames } from "../../auth/scopes.ts";
import type { SessionSummary } from "../../auth/sessions.ts";
import { userRoles, type User } from "../../auth/users.ts";
import { budgetKinds } from "../../budget/ledger.ts";
import { usageGroupNames, type UsageRow } from "../../budget/usage.ts";
import type { AnswerEnd } from "../../chat/growing-answer.ts";
import type { ConversationPage } from "../../chat/conversation-list.ts";
import type { ConversationSummary, StoredMessage } from "../../chat/store.ts";
import type { Chunk, FoundChunk } from "../../knowledge/chunk-rows.ts";
import { documentKinds, type Document } from "../../knowledge/documents.ts";
import type { Citation } from "../../knowledge/search.ts";
import type { ListedModel } from "../../llm/adapters/adapter.ts";
import type { Services } from "../../llm/probes.ts";
import type { Trial } from "../../llm/trials.ts";
import { responseSchema } from "./schema.ts";

const count = z.int().min(0);
const usd = z.string().describe('USD, written like "0.25".');
const text = z.string();
const role = z.enum(userRoles);
const scopes = z.array(z.enum(scopeNames));
const service = z.enum(["up", "down", "off"]);
const services = z.object({ postgres: service, redis: service, llm: service }) satisfies z.ZodType<Services>;
const alive = z.object({ status: z.literal("ok"), version: text, environment: text, time: z.date() });

const model = z.looseObject({
  id: text,
  object: z.literal("model"),
  created: z.int(),
  owned_by: text,
}) satisfies z.ZodType<ListedModel>;
/** What a runtime says passes on as it is: only what every runtime's answer has is promised. */
const completion = z.looseObject({ choices: z.array(z.looseObject({ index: z.int() })) });

const person = z.object({ email: text, name: text, role });
const user = person.extend({ id: z.uuid(), tenant: text }) satisfies z.ZodType<User>;

const conversation = z.object({ id: z.uuid(), title: text, updatedAt: z.date() }) satisfies z.ZodType<ConversationSummary>;
const conversations = z.object({
  conversations: z.array(conversation),
  next: text.nullable(),
}) satisfies z.ZodType<ConversationPage>;
/** Which of a document's passages it is. */
const position = z.int().min(1);
const citation = z.object({
  number: z.int().min(1),
  documentId: z.uuid(),
  name: text,
  place: text,
  position,
}) satisfies z.ZodType<Citation>;
const message = z.object({
  id: z.uuid(),
  role: z.enum(["user", "assistant"]),
  content: text,
  status: z.enum(["complete", "streaming", "cancelled", "failed"]),
  createdAt: z.date(),
  citations: z.array(citation).nullable(),
}) satisfies z.ZodType<StoredMessage>;
const cloud = z.object({ available: z.boolean(), allowed: z.boolean() });

const document = z.object({
  id: z.uuid(),
  name: text,
  kind: z.enum(documentKinds),
  bytes: count,
  createdAt: z.date(),
  chunks: count,
  embedded: count,
}) satisfies z.ZodType<Document>;
const excerpt = z.object({
  documentId: z.uuid(),
  name: text,
  place: text,
  position,
  content: text,
  score: z.number(),
}) satisfies z.ZodType<FoundChunk>;

const perMinute = z.int().nullable();
const key = z.object({
  id: z.uuid(),
  userId: z.uuid(),
  email: text,
  name: text,
  prefix: text,
  scopes,
  requestsPerMinute: perMinute,
  tokensPerMinute: perMinute,
  createdAt: z.date(),
  expiresAt: z.date().nullable(),
  revokedAt: z.date().nullable(),
  lastUsedAt: z.date().nullable(),
}) satisfies z.ZodType<ApiKeySummary>;
const keys = z.object({ keys: z.array(key) });
const newKey = z.object({
  id: z.uuid(),
  apiKey: text,
  name: text,
  scopes,
  expiresInDays: z.int().nullable(),
  requestsPerMinute: perMinute,
  tokensPerMinute: perMinute,
}) satisfies z.ZodType<NewApiKey>;

const session = z.object({
  id: z.uuid(),
  createdAt: z.date(),
  expiresAt: z.date(),
  lastUsedAt: z.date().nullable(),
  userAgent: text.nullable(),
  current: z.boolean(),
}) satisfies z.ZodType<SessionSummary>;
const sessions = z.object({ sessions: z.array(session) });
const ended = z.object({ ended: count });

const groups = Object.fromEntries(usageGroupNames.map((name) => [name, text.nullable().optional()]));
const usageRow = z.object({
  ...groups,
  calls: count,
  promptTokens: count,
  completionTokens: count,
  estimatedCalls: count,
  cachedCalls: count,
  costUsd: usd,
}) satisfies z.ZodType<Omit<UsageRow, keyof typeof groups>>;
const usage = z.object({ from: z.date(), to: z.date(), usage: z.array(usageRow) });

const budget = z.object({
  kind: z.enum(budgetKinds),
  subject: text,
  capUsd: usd.nullable(),
  alertUsd: usd.nullable(),
  spentUsd: usd,
  reservedUsd: usd,
});
const trial = z.object({ name: text, other: text, percent: z.int().min(1).max(100) }) satisfies z.ZodType<Trial>;
const entry = z.object({
  id: text,
  at: z.date(),
  actor: text,
  action: z.enum(auditActions),
  target: text,
  detail: z.unknown(),
}) satisfies z.ZodType<AuditEntry>;
const auditPage = z.object({ entries: z.array(entry), next: text.nullable() });

/** An event of a stream whose data is JSON of this shape. */
const event = (name: string, data: z.ZodType): z.ZodType =>
  z.object({
    event: z.literal(name),
    id: text.optional(),
    data: text.meta({ contentMediaType: "application/json", contentSchema: responseSchema(data) }),
  });
const tokens = z.object({ promptTokens: count, completionTokens: count, estimated: z.literal(true).exactOptional() });
const rest = [
  event("delta", z.object({ text })),
  event("done", z.object({ finishReason: text, usage: tokens.nullable() }) satisfies z.ZodType<Ending<"done">>),
  event("error", z.object({ code: text, message: text }) satisfies z.ZodType<Ending<"error">>),
];
const start = z.object({
  conversationId: z.uuid(),
  messageId: z.uuid(),
  questionId: z.uuid(),
  title: text,
  citations: z.array(citation).optional(),
});
/** JSON of the runtime, and at the end of all but responses `[DONE]`. */
const passedOn = z.object({ event: text.optional(), data: text });

type Ending<Name> = Extract<AnswerEnd, { event: Name }>["data"];

/** What the events of a stream are, by method and path; below /v1 streams are for those who ask. */
export const events: Readonly<Record<string, z.ZodType>> = {
  "post /v1/chat/completions": passedOn,
  "post /v1/completions": passedOn,
  "post /v1/responses": passedOn,
  "post /api/v1/chat": z.union([event("start", start), ...rest]),
  "get /api/v1/chat/{messageId}/events": z.union(rest),
};

/** Where the caller may ask for a table. */
export const tables: readonly string[] = ["get /api/v1/usage", "get /api/v1/admin/usage"];

export const answers: Readonly<Record<string, z.ZodType>> = {
  "get /v1/models": z.object({ object: z.literal("list"), data: z.array(model) }),
  "get /v1/models/{id}": model,
  "post /v1/chat/completions": completion,
  "post /v1/completions": completion,
  "post /v1/embeddings": z.looseObject({ data: z.array(z.looseObject({ index: z.int() })) }),
  "post /v1/responses": z.looseObject({ id: text, output: z.array(z.looseObject({ type: text })) }),

  "get /api/v1/conversations": conversations,
  "patch /api/v1/conversations/{id}": conversation,
  "get /api/v1/conversations/{id}": z.object({ id: z.uuid(), title: text, messages: z.array(message) }),
  "post /api/v1/chat/{messageId}/cancel": z.object({ cancelled: z.boolean() }),
  "get /api/v1/llm/status": z.object({
    runtime: text,
    model: text.nullable(),
    demo: z.boolean(),
    nextStep: text.nullable(),
    reachable: z.boolean(),
    loaded: z.boolean(),
    tokensPerSecond: z.number().nullable(),
  }),
  "get /api/v1/llm/models": z.object({
    default: text.nullable(),
    models: z.array(z.object({ id: text, cloud: z.boolean() })),
  }),
  "get /api/v1/llm/cloud": cloud,
  "put /api/v1/llm/cloud": cloud,

  "get /api/v1/documents": z.object({ documents: z.array(document) }),
  "post /api/v1/documents": document.omit({ createdAt: true }),
  "get /api/v1/documents/{id}/chunks/{position}": z.object({ place: text, content: text }) satisfies z.ZodType<Chunk>,
  "post /api/v1/documents/search": z.object({ results: z.array(excerpt) }),

  "get /api/v1/keys": keys,
  "post /api/v1/keys": newKey,
  "get /api/v1/sessions": sessions,
  "delete /api/v1/sessions": ended,
  "get /api/v1/usage": usage,

  "get /api/v1/admin/users": z.object({
    users: z.array(
      user.extend({ createdAt: z.date(), disabledAt: z.date().nullable(), hasPassword: z.boolean(), sessions: count }),
    ),
  }),
  "post /api/v1/admin/users": user.extend({ password: text }),
  "patch /api/v1/admin/users/{id}": user.extend({ disabledAt: z.date().nullable() }),
  "post /api/v1/admin/users/{id}/password": z.object({ email: text, password: text }),
  "get /api/v1/admin/users/{id}/sessions": sessions,
  "delete /api/v1/admin/users/{id}/sessions": ended,
  "get /api/v1/admin/keys": keys,
  "get /api/v1/admin/budgets": z.object({
    periodEndsAt: z.date(),
    usualTenant: budget.pick({ capUsd: true, alertUsd: true }),
    budgets: z.array(budget),
  }),
  "put /api/v1/admin/budgets/{kind}/{subject}": budget.omit({ spentUsd: true, reservedUsd: true }).extend({ capUsd: usd }),
  "get /api/v1/admin/usage": usage,
  "get /api/v1/admin/models": z.object({
    default: text.nullable(),
    models: z.array(
      z.object({ runtime: text, model: text, cloud: z.boolean(), inputUsdPerMillion: usd, outputUsdPerMillion: usd }),
    ),
  }),
  "get /api/v1/admin/health": z.object({
    status: z.enum(["ok", "draining"]),
    version: text,
    services,
    openAnswers: count,
    runtimes: z.array(
      z.object({ name: text, cloud: z.boolean(), reachable: z.boolean(), usable: z.boolean(), load: z.number() }),
    ),
  }),
  "get /api/v1/admin/trials": z.object({ trials: z.array(trial) }),
  "put /api/v1/admin/trials/{name}": trial,
  "get /api/v1/admin/audit": auditPage,

  "post /api/v1/auth/login": person,
  "get /api/v1/auth/me": person,
  "get /api/v1/auth/providers": z.object({ password: z.boolean(), oidc: text.nullable(), mock: z.boolean() }),
  "post /api/v1/auth/mock": person.omit({ name: true }),

  "get /health": alive,
  "get /healthz": alive,
  "get /health/ready": z.object({ status: z.enum(["ready", "not ready", "draining"]), services, time: z.date() }),
  "get /health/detailed": alive.extend({
    status: z.enum(["ok", "draining"]),
    uptimeSeconds: count,
    services,
    openAnswers: count,
    activeSessions: count,
    conversationsToday: count,
    averageAnswerSecondsLastHour: z.number().nullable(),
    answerErrorRateLastHour: z.number().nullable(),
  }),

  "get /api/v1/openapi.json": z.looseObject({ openapi: text, paths: z.looseObject({}) }),
};
