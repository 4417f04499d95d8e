/** Every operation of the API, for the OpenAPI document. A test compares the list with the routes that exist, both ways. */
import type { z } from "zod";
import { auditQuery } from "../../admin/routes.ts";
import { budgetBody } from "../../admin/budget-routes.ts";
import { trialBody } from "../../admin/trial-routes.ts";
import { changes, newUser } from "../../admin/user-routes.ts";
import { keyBody } from "../../auth/account-routes.ts";
import { mockBody } from "../../auth/oidc-routes.ts";
import { loginBody } from "../../auth/routes.ts";
import { usageQuery } from "../../budget/usage-query.ts";
import { listQuery } from "../../chat/conversation-list.ts";
import { chatBody, titleBody } from "../../chat/routes.ts";
import { callBodies } from "../../llm/call.ts";
import { consentBody } from "../../llm/status-routes.ts";
import { searchBody } from "../../knowledge/routes.ts";
import { eraseBody } from "../../privacy/routes.ts";

/** Who may call: anybody; a key of `/v1`; a session or a key with this scope. */
export type Access = "public" | "key" | "user" | "chat" | "documents" | "embeddings" | "account" | "admin";

export interface Operation {
  readonly method: "get" | "post" | "put" | "patch" | "delete";
  /** With parameters as `{id}`. */
  readonly path: string;
  readonly tag: string;
  readonly access: Access;
  readonly summary: string;
  readonly body?: z.ZodType;
  /** Takes a form with this one file in place of a body. */
  readonly file?: string;
  readonly query?: z.ZodObject;
  /** Status of a success. @default 200 */
  readonly status?: number;
  /** What a success carries; null: nothing. @default JSON */
  readonly type?: "application/json" | "application/x-ndjson" | "text/event-stream" | "text/html" | null;
  /** Only with this sign-in. */
  readonly only?: "oidc" | "mock";
}

const health: Operation[] = [
  { method: "get", path: "/health", tag: "Health", access: "public", summary: "Alive: the process answers." },
  { method: "get", path: "/healthz", tag: "Health", access: "public", summary: "The same under its other name." },
  {
    method: "get",
    path: "/health/ready",
    tag: "Health",
    access: "public",
    summary: "Ready: PostgreSQL and a runtime can be used, and nothing is shutting down; else 503.",
  },
  {
    method: "get",
    path: "/health/detailed",
    tag: "Health",
    access: "user",
    summary: "Services, active sessions, conversations today, average answer time and error rate of the last hour.",
  },
];

const v1 = (path: string, summary: string, endpoint: keyof typeof callBodies): Operation => ({
  method: "post",
  path,
  tag: "OpenAI-compatible",
  access: endpoint === "embeddings" ? "embeddings" : "key",
  summary,
  body: callBodies[endpoint],
});
const openAi: Operation[] = [
  { method: "get", path: "/v1/models", tag: "OpenAI-compatible", access: "key", summary: "The models this caller may name." },
  {
    method: "get",
    path: "/v1/models/{id}",
    tag: "OpenAI-compatible",
    access: "key",
    summary: "One of them; names may hold slashes.",
  },
  v1(
    "/v1/chat/completions",
    "An answer in a chat; `stream: true` sends it as events. Tools and structured output pass through.",
    "chat",
  ),
  v1("/v1/completions", "A text goes on.", "completions"),
  v1("/v1/embeddings", "Vectors of texts.", "embeddings"),
  v1("/v1/responses", "The stateless part of the responses API.", "responses"),
];

const signIn: Operation[] = [
  {
    method: "post",
    path: "/api/v1/auth/login",
    tag: "Sign-in",
    access: "public",
    summary: "Sign in by password; sets the session's cookie.",
    body: loginBody,
  },
  {
    method: "post",
    path: "/api/v1/auth/logout",
    tag: "Sign-in",
    access: "user",
    summary: "End this session.",
    status: 204,
    type: null,
  },
  { method: "get", path: "/api/v1/auth/me", tag: "Sign-in", access: "user", summary: "Who is signed in." },
  { method: "get", path: "/api/v1/auth/providers", tag: "Sign-in", access: "public", summary: "The ways to sign in." },
  {
    method: "get",
    path: "/api/v1/auth/oidc/login",
    tag: "Sign-in",
    access: "public",
    summary: "To the identity provider.",
    status: 303,
    type: null,
    only: "oidc",
  },
  {
    method: "get",
    path: "/api/v1/auth/oidc/callback",
    tag: "Sign-in",
    access: "public",
    summary: "Back from it.",
    status: 303,
    type: null,
    only: "oidc",
  },
  {
    method: "post",
    path: "/api/v1/auth/mock",
    tag: "Sign-in",
    access: "public",
    summary: "Be anybody; development only.",
    body: mockBody,
    only: "mock",
  },
];

const chat: Operation[] = [
  {
    method: "get",
    path: "/api/v1/conversations",
    tag: "Chat",
    access: "chat",
    summary: "One's conversations, latest first; `q`: those that hold the words.",
    query: listQuery,
  },
  {
    method: "patch",
    path: "/api/v1/conversations/{id}",
    tag: "Chat",
    access: "chat",
    summary: "Give it another title.",
    body: titleBody,
  },
  {
    method: "get",
    path: "/api/v1/conversations/{id}",
    tag: "Chat",
    access: "chat",
    summary: "One conversation with its messages.",
  },
  {
    method: "delete",
    path: "/api/v1/conversations/{id}",
    tag: "Chat",
    access: "chat",
    summary: "Delete it with its messages, for good.",
    status: 204,
    type: null,
  },
  {
    method: "post",
    path: "/api/v1/chat",
    tag: "Chat",
    access: "chat",
    summary:
      "Ask. The answer comes as events `start`, `delta`, `done` or `error`, and is written on when the reader leaves. `replaces` names a question that gives way to this one, with all that follows it; `documents` lets the answer draw on one's documents.",
    body: chatBody,
    type: "text/event-stream",
  },
  {
    method: "get",
    path: "/api/v1/chat/{messageId}/events",
    tag: "Chat",
    access: "chat",
    summary: "The rest of an answer after `Last-Event-ID`, on any replica.",
    type: "text/event-stream",
  },
  {
    method: "post",
    path: "/api/v1/chat/{messageId}/cancel",
    tag: "Chat",
    access: "chat",
    summary: "Stop an answer, from any replica.",
    status: 202,
  },
  {
    method: "get",
    path: "/api/v1/llm/status",
    tag: "Chat",
    access: "public",
    summary: "Which model answers, and whether it can be reached.",
  },
  {
    method: "get",
    path: "/api/v1/llm/models",
    tag: "Chat",
    access: "user",
    summary: "The models to choose among; `cloud`: outside the house.",
  },
  {
    method: "get",
    path: "/api/v1/llm/cloud",
    tag: "Chat",
    access: "user",
    summary: "Whether there are cloud models, and whether one allowed them.",
  },
  {
    method: "put",
    path: "/api/v1/llm/cloud",
    tag: "Chat",
    access: "user",
    summary: "Allow cloud models, or no longer.",
    body: consentBody,
  },
];

const documents: Operation[] = [
  {
    method: "get",
    path: "/api/v1/documents",
    tag: "Documents",
    access: "documents",
    summary: "One's documents, and how much of each is embedded.",
  },
  {
    method: "post",
    path: "/api/v1/documents",
    tag: "Documents",
    access: "documents",
    summary: "Add a text, Markdown, PDF or DOCX file of 50 MB at most; it is embedded in the background.",
    file: "file",
    status: 201,
  },
  {
    method: "delete",
    path: "/api/v1/documents/{id}",
    tag: "Documents",
    access: "documents",
    summary: "Delete one with its text and embeddings, for good.",
    status: 204,
    type: null,
  },
  {
    method: "post",
    path: "/api/v1/documents/search",
    tag: "Documents",
    access: "documents",
    summary: "The excerpts nearest to a question.",
    body: searchBody,
  },
];

const account: Operation[] = [
  {
    method: "get",
    path: "/api/v1/me/export",
    tag: "Account",
    access: "account",
    summary: "All data of one's own, a JSON document per line.",
    type: "application/x-ndjson",
  },
  {
    method: "delete",
    path: "/api/v1/me",
    tag: "Account",
    access: "account",
    summary: "Erase one's account and all it holds, for good; by sign-in only.",
    body: eraseBody,
    status: 204,
    type: null,
  },
  { method: "get", path: "/api/v1/keys", tag: "Account", access: "account", summary: "One's API keys, without their secrets." },
  {
    method: "post",
    path: "/api/v1/keys",
    tag: "Account",
    access: "account",
    summary: "Make a key; it is shown once.",
    body: keyBody,
    status: 201,
  },
  {
    method: "delete",
    path: "/api/v1/keys/{id}",
    tag: "Account",
    access: "account",
    summary: "Revoke a key at once.",
    status: 204,
    type: null,
  },
  { method: "get", path: "/api/v1/sessions", tag: "Account", access: "account", summary: "One's sign-ins." },
  { method: "delete", path: "/api/v1/sessions", tag: "Account", access: "account", summary: "End all of them." },
  {
    method: "delete",
    path: "/api/v1/sessions/{id}",
    tag: "Account",
    access: "account",
    summary: "End one.",
    status: 204,
    type: null,
  },
  {
    method: "get",
    path: "/api/v1/usage",
    tag: "Account",
    access: "account",
    summary: "One's tokens and costs, as JSON or CSV.",
    query: usageQuery,
  },
];

const admin = (method: Operation["method"], path: string, summary: string, more: Partial<Operation> = {}): Operation => ({
  method,
  path: `/api/v1/admin${path}`,
  tag: "Administration",
  access: "admin",
  summary,
  ...more,
});
const nothing = { status: 204, type: null } as const;
const administration: Operation[] = [
  admin("get", "/users", "All accounts."),
  admin("post", "/users", "Make an account; its password is shown once.", { body: newUser, status: 201 }),
  admin("patch", "/users/{id}", "Change name, role or tenant, disable or enable.", { body: changes }),
  admin("delete", "/users/{id}", "Erase a person and all they hold, for good.", nothing),
  admin("post", "/users/{id}/password", "Give a new password, shown once; all sign-ins end."),
  admin("get", "/users/{id}/sessions", "Sign-ins of a person."),
  admin("delete", "/users/{id}/sessions", "End them."),
  admin("get", "/keys", "Everybody's keys, without their secrets."),
  admin("delete", "/keys/{id}", "Revoke a key.", nothing),
  admin("get", "/budgets", "Budgets, spent and reserved."),
  admin("put", "/budgets/{kind}/{subject}", "Set a budget; `*` as subject holds for all without their own.", {
    body: budgetBody,
  }),
  admin("delete", "/budgets/{kind}/{subject}", "Remove a budget.", nothing),
  admin("get", "/usage", "Everybody's tokens and costs, as JSON or CSV.", { query: usageQuery }),
  admin("get", "/models", "Models with runtime and price."),
  admin("get", "/health", "Runtimes and services."),
  admin("get", "/trials", "A/B tests of models."),
  admin("put", "/trials/{name}", "Give a share of the people another model.", { body: trialBody }),
  admin("delete", "/trials/{name}", "End a test.", nothing),
  admin("get", "/audit", "Who changed what, latest first.", { query: auditQuery }),
];

const documentation: Operation[] = [
  { method: "get", path: "/api/v1/openapi.json", tag: "Documentation", access: "public", summary: "This document." },
  {
    method: "get",
    path: "/docs",
    tag: "Documentation",
    access: "public",
    summary: "This document as a page.",
    type: "text/html",
  },
];

export const operations: readonly Operation[] = [
  ...openAi,
  ...chat,
  ...documents,
  ...account,
  ...administration,
  ...signIn,
  ...health,
  ...documentation,
];
