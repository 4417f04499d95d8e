/**
 * A stand-in for Fidus: the real page, built and served as in the image, over an API kept in memory with scripted answers.
 * For work on the page and for tests of what a model cannot be asked to do. It proves nothing about the real API.
 *
 *   node tests/browser/dev-server.ts        → http://127.0.0.1:3100, ada@example.org / correct horse battery
 */
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { parseCookie } from "cookie";
import express from "express";
import { sessionCookieName } from "../../app/src/auth/session-cookie.ts";
import { GrowingAnswer, sendAnswer } from "../../app/src/chat/growing-answer.ts";
import { createPageRouter } from "../../app/src/http/page-routes.ts";
import { EventStream } from "../../app/src/http/stream.ts";
import { ScriptedDocuments } from "./scripted-documents.ts";
import { scriptFor } from "./scripted-answers.ts";

interface Message {
  readonly id: string;
  readonly role: "user" | "assistant";
  content: string;
  status: "complete" | "streaming" | "cancelled" | "failed";
  readonly createdAt: string;
  readonly citations?: readonly object[];
}
interface Conversation {
  readonly id: string;
  title: string;
  updatedAt: string;
  readonly messages: Message[];
}

export interface DevServer {
  readonly url: string;
  readonly email: string;
  readonly password: string;
  readonly documents: ScriptedDocuments;
  /** Answers being written now. */
  active(): number;
  close(): Promise<void>;
}

/** Models to choose among. */
const choice = {
  default: "scripted-answers",
  models: [
    { id: "scripted-answers", cloud: false },
    { id: "scripted-large", cloud: false },
    { id: "cloud-model", cloud: true },
  ],
};
const run = promisify(execFile);

const EMAIL = "ada@example.org";
const PASSWORD = "correct horse battery";
/** Starts the stand-in on a free port of the loopback, or on `port`. */
export async function startDevServer(port = 0): Promise<DevServer> {
  const folder = await mkdtemp(join(tmpdir(), "fidus-page-"));
  await run(process.execPath, [join(import.meta.dirname, "../../app/build.ts"), folder]);
  const api = new Api(express().use(createPageRouter(join(folder, "web"), new URL("http://localhost"))));
  const server: Server = createServer((request, response) => {
    api.handle(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    email: EMAIL,
    password: PASSWORD,
    documents: api.documents,
    active: () => api.running.size,
    close: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      await rm(folder, { recursive: true, force: true });
    },
  };
}

class Api {
  readonly running = new Map<string, AbortController>();
  readonly documents = new ScriptedDocuments();
  readonly #page: RequestListener;
  readonly #sessions = new Set<string>();
  readonly #conversations = new Map<string, Conversation>();
  readonly #answers = new Map<string, GrowingAnswer>();
  #cloudAllowed = false;

  constructor(page: RequestListener) {
    this.#page = page;
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://stand-in");
    const method = request.method ?? "GET";
    if (!pathname.startsWith("/api/")) return void this.#page(request, response);
    const path = pathname.replace("/api/v1", "");
    if (method !== "GET" && request.headers["x-fidus-csrf"] === undefined) return fail(response, 403, "forbidden");
    if (path === "/llm/status") return json(response, 200, this.#status());
    if (path === "/auth/providers") return json(response, 200, { password: true, oidc: null, mock: false });
    if (path === "/auth/login") return this.#login(cookieName(request), await bodyOf(request), response);
    const cookie = cookieName(request);
    const session = parseCookie(request.headers.cookie ?? "")[cookie] ?? "";
    if (!this.#sessions.has(session)) return fail(response, 401, "unauthenticated", "Sign in first.");
    if (path === "/auth/me") return json(response, 200, { email: EMAIL, name: "Ada", role: "admin" });
    if (path === "/auth/logout") {
      this.#sessions.delete(session);
      response.setHeader("Set-Cookie", `${cookie}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0`);
      return json(response, 204, null);
    }
    if (path === "/llm/models") return json(response, 200, choice);
    if (path === "/llm/cloud") {
      if (method === "PUT") this.#cloudAllowed = (await bodyOf(request))["allowed"] === true;
      return json(response, 200, { available: true, allowed: this.#cloudAllowed });
    }
    if (path.startsWith("/documents")) {
      const { status, body } = await this.documents.answer(method, path, request);
      return json(response, status, body);
    }
    if (path === "/conversations") return json(response, 200, { conversations: this.#list(searchParams.get("q") ?? "") });
    if (path === "/chat") return this.#chat(await bodyOf(request), response);
    const followed = /^\/chat\/([\w-]+)\/events$/.exec(path)?.[1];
    if (followed) return this.#events(request, this.#answers.get(followed), response);
    const cancelled = /^\/chat\/([\w-]+)\/cancel$/.exec(path)?.[1];
    if (cancelled) {
      this.running.get(cancelled)?.abort();
      return json(response, 202, {});
    }
    const body = method === "PATCH" ? await bodyOf(request) : {};
    return this.#conversation(method, /^\/conversations\/([\w-]+)$/.exec(path)?.[1] ?? "", body, response);
  }

  #status(): object {
    const model = { runtime: "embedded", model: "scripted-answers", demo: true, nextStep: "./fidus choose" };
    return { ...model, reachable: true, loaded: true, tokensPerSecond: 24.3 };
  }

  #login(cookie: string, body: Record<string, unknown>, response: ServerResponse): void {
    if (body["email"] !== EMAIL || body["password"] !== PASSWORD) {
      return fail(response, 401, "wrong_credentials", "E-mail or password is wrong.");
    }
    const session = randomUUID();
    this.#sessions.add(session);
    response.setHeader("Set-Cookie", `${cookie}=${session}; Path=/; HttpOnly; SameSite=Strict`);
    json(response, 204, null);
  }

  #list(words: string): object[] {
    const has = (text: string): boolean => text.toLowerCase().includes(words.toLowerCase());
    const newest = [...this.#conversations.values()]
      .filter(({ title, messages }) => has(title) || messages.some(({ content }) => has(content)))
      .sort((a, b) => b.updatedAt.localeCompare(a.updatedAt));
    return newest.map(({ id, title, updatedAt }) => ({ id, title, updatedAt }));
  }

  #conversation(method: string, id: string, body: Record<string, unknown>, response: ServerResponse): void {
    const found = this.#conversations.get(id);
    if (!found) return fail(response, 404, "not_found", "There is nothing here.");
    if (method === "PATCH") {
      found.title = String(body["title"]);
      return json(response, 200, { id, title: found.title, updatedAt: found.updatedAt });
    }
    if (method !== "DELETE") return json(response, 200, found);
    this.#conversations.delete(id);
    json(response, 204, null);
  }

  async #chat(body: Record<string, unknown>, response: ServerResponse): Promise<void> {
    const content = String(body["content"] ?? "");
    const known = typeof body["conversationId"] === "string" ? this.#conversations.get(body["conversationId"]) : undefined;
    if (body["conversationId"] !== undefined && !known) return fail(response, 404, "not_found", "There is nothing here.");
    const now = new Date().toISOString();
    const conversation = known ?? { id: randomUUID(), title: titleOf(content), updatedAt: now, messages: [] };
    const replaced = conversation.messages.findIndex(({ id }) => id === body["replaces"]);
    if (replaced >= 0) conversation.messages.splice(replaced);
    if (choice.models.some(({ id, cloud }) => id === body["model"] && cloud) && !this.#cloudAllowed) {
      return fail(response, 403, "cloud_not_allowed");
    }
    const questionId = randomUUID();
    const citations = body["documents"] === true ? this.documents.citations() : [];
    const answer: Message = { id: randomUUID(), role: "assistant", content: "", status: "streaming", createdAt: now, citations };
    conversation.messages.push({ id: questionId, role: "user", content, status: "complete", createdAt: now }, answer);
    conversation.updatedAt = now;
    this.#conversations.set(conversation.id, conversation);
    const abort = new AbortController();
    const growing = new GrowingAnswer();
    this.running.set(answer.id, abort);
    this.#answers.set(answer.id, growing);
    const cut = (): void => void response.destroy();
    void this.#speak(content, answer, growing, abort.signal, cut).finally(() => this.running.delete(answer.id));
    const stream = new EventStream(response, 15_000);
    await stream.send(
      "start",
      { conversationId: conversation.id, messageId: answer.id, questionId, title: conversation.title, citations },
      0,
    );
    await sendAnswer(growing, stream, 0);
    stream.end();
  }

  async #events(request: IncomingMessage, answer: GrowingAnswer | undefined, response: ServerResponse): Promise<void> {
    if (answer === undefined) return fail(response, 404, "not_found", "There is nothing here.");
    const stream = new EventStream(response, 15_000);
    await sendAnswer(answer, stream, Number(request.headers["last-event-id"] ?? 0));
    stream.end();
  }

  async #speak(question: string, answer: Message, growing: GrowingAnswer, signal: AbortSignal, cut: () => void): Promise<void> {
    const script = scriptFor(question);
    for (const [index, text] of script.pieces.entries()) {
      await pause(script.pauseMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) break;
      if (script.end === "cut" && index === Math.floor(script.pieces.length / 2)) cut();
      answer.content += text;
      growing.append(text);
    }
    const usage = { promptTokens: question.length, completionTokens: script.pieces.length };
    answer.status = signal.aborted ? "cancelled" : script.end === "error" ? "failed" : "complete";
    if (answer.status === "failed") {
      const message = "The language model stopped in the middle of its answer.";
      growing.finish({ event: "error", data: { code: "runtime_broken", message } });
    } else growing.finish({ event: "done", data: { finishReason: signal.aborted ? "cancelled" : "stop", usage } });
  }
}

const cookieName = ({ headers: { host = "" } }: IncomingMessage): string =>
  sessionCookieName({ publicUrl: new URL(`http://${host}`) });

const titleOf = (content: string): string => (content.length > 60 ? `${content.slice(0, 59)}…` : content);

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return chunks.length === 0 ? {} : (JSON.parse(Buffer.concat(chunks).toString("utf8")) as Record<string, unknown>);
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "Content-Type": "application/json", "Cache-Control": "no-store" });
  response.end(status === 204 ? undefined : JSON.stringify(body));
}

function fail(response: ServerResponse, status: number, code: string, message = code): void {
  json(response, status, { error: { code, message } });
}

if (process.argv[1] === import.meta.filename) {
  const server = await startDevServer(Number(process.env["PORT"] ?? 3100));
  console.log(`${server.url}   ${server.email} / ${server.password}`);
}
