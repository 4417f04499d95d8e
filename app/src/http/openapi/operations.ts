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

const nothing = { status: 204, type: null } as const;

/** Operations that share a tag, who may call them, and where their paths begin; each may say otherwise. */
const group =
  (tag: string, access: Access, base = "") =>
  (method: Operation["method"], path: string, summary: string, more: Partial<Operation> = {}): Operation => ({
    method,
    path: base + path,
    tag,
    access,
    summary,
    ...more,
  });

const alive = group("Health", "public");
const health = [
  alive("get", "/health", "Alive: the process answers."),
  alive("get", "/healthz", "The same under its other name."),
  alive("get", "/health/ready", "Ready: PostgreSQL and a runtime can be used, and nothing is shutting down; else 503."),
  alive(
    "get",
    "/health/detailed",
    "Services, active sessions, conversations today, average answer time and error rate of the last hour.",
    { access: "user" },
  ),
];

const v1 = group("OpenAI-compatible", "key", "/v1");
const openAi = [
  v1("get", "/models", "The models this caller may name."),
  v1("get", "/models/{id}", "One of them; names may hold slashes."),
  v1(
    "post",
    "/chat/completions",
    "An answer in a chat; `stream: true` sends it as events. Tools and structured output pass through.",
    { body: callBodies.chat },
  ),
  v1("post", "/completions", "A text goes on.", { body: callBodies.completions }),
  v1("post", "/embeddings", "Vectors of texts.", { body: callBodies.embeddings, access: "embeddings" }),
  v1("post", "/responses", "The stateless part of the responses API.", { body: callBodies.responses }),
];

const auth = group("Sign-in", "public", "/api/v1/auth");
const signIn = [
  auth("post", "/login", "Sign in by password; sets the session's cookie.", { body: loginBody }),
  auth("post", "/logout", "End this session.", { access: "user", ...nothing }),
  auth("get", "/me", "Who is signed in.", { access: "user" }),
  auth("get", "/providers", "The ways to sign in."),
  auth("get", "/oidc/login", "To the identity provider.", { status: 303, type: null, only: "oidc" }),
  auth("get", "/oidc/callback", "Back from it.", { status: 303, type: null, only: "oidc" }),
  auth("post", "/mock", "Be anybody; development only.", { body: mockBody, only: "mock" }),
];

const talk = group("Chat", "chat", "/api/v1");
const chat = [
  talk("get", "/conversations", "One's conversations, latest first; `q`: those that hold the words.", { query: listQuery }),
  talk("patch", "/conversations/{id}", "Give it another title.", { body: titleBody }),
  talk("get", "/conversations/{id}", "One conversation with its messages."),
  talk("delete", "/conversations/{id}", "Delete it with its messages, for good.", nothing),
  talk(
    "post",
    "/chat",
    "Ask. The answer comes as events `start`, `delta`, `done` or `error`, and is written on when the reader leaves. `replaces` names a question that gives way to this one, with all that follows it; `documents` lets the answer draw on one's documents.",
    { body: chatBody, type: "text/event-stream" },
  ),
  talk("get", "/chat/{messageId}/events", "The rest of an answer after `Last-Event-ID`, on any replica.", {
    type: "text/event-stream",
  }),
  talk("post", "/chat/{messageId}/cancel", "Stop an answer, from any replica.", { status: 202 }),
  talk("get", "/llm/status", "Which model answers, and whether it can be reached.", { access: "public" }),
  talk("get", "/llm/models", "The models to choose among; `cloud`: outside the house.", { access: "user" }),
  talk("get", "/llm/cloud", "Whether there are cloud models, and whether one allowed them.", { access: "user" }),
  talk("put", "/llm/cloud", "Allow cloud models, or no longer.", { access: "user", body: consentBody }),
];

const paper = group("Documents", "documents", "/api/v1/documents");
const documents = [
  paper("get", "", "One's documents, how much of each is embedded, and its state: `queued`, `embedding`, `ready` or `failed`."),
  paper("post", "", "Add a text, Markdown, PDF or DOCX file of 50 MB at most; it is embedded in the background.", {
    file: "file",
    status: 201,
  }),
  paper("get", "/{id}/chunks/{position}", "One passage of a document, as a citation names it."),
  paper("delete", "/{id}", "Delete one with its text and embeddings, for good.", nothing),
  paper("post", "/search", "The excerpts nearest to a question.", { body: searchBody }),
];

const own = group("Account", "account", "/api/v1");
const account = [
  own("get", "/me/export", "All data of one's own, a JSON document per line.", { type: "application/x-ndjson" }),
  own("delete", "/me", "Erase one's account and all it holds, for good; by sign-in only.", { body: eraseBody, ...nothing }),
  own("get", "/keys", "One's API keys, without their secrets."),
  own("post", "/keys", "Make a key; it is shown once.", { body: keyBody, status: 201 }),
  own("delete", "/keys/{id}", "Revoke a key at once.", nothing),
  own("get", "/sessions", "One's sign-ins."),
  own("delete", "/sessions", "End all of them."),
  own("delete", "/sessions/{id}", "End one.", nothing),
  own("get", "/usage", "One's tokens and costs, as JSON or CSV.", { query: usageQuery }),
];

const admin = group("Administration", "admin", "/api/v1/admin");
const administration = [
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
  admin("get", "/audit", "Who changed what, latest first, 100 a page; `before` takes the `next` of the page before.", {
    query: auditQuery,
  }),
];

const docs = group("Documentation", "public");
const documentation = [
  docs("get", "/api/v1/openapi.json", "This document."),
  docs("get", "/docs", "This document as a page.", { type: "text/html" }),
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
