import { expect } from "vitest";
import { allEvents, textOf } from "../../app/src/testing/events.ts";
import { docx, pdf } from "../../app/src/testing/documents.ts";
import { eventually } from "../../infra/core/eventually.ts";
import type { Product, UpJson } from "./product.ts";

export interface SessionArgs {
  readonly product: Product;
  readonly admin: NonNullable<UpJson["admin"]>;
  readonly model: string;
  /** Whether the runtime behind `embeddingModel` makes vectors: else documents are kept, and found by nobody. */
  readonly vectors: boolean;
}

interface Document {
  readonly id: string;
  readonly state: string;
}

/**
 * What people and programs do with a product: sign in, talk, search, hand in documents, ask by key, manage. Each step must succeed.
 * Returns the id of the conversation.
 */
export async function session({ product, admin, model, vectors }: SessionArgs): Promise<string> {
  const ok = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const response = await fetch(`${product.url}${path}`, init);
    if (!response.ok) throw new Error(`${init.method ?? "GET"} ${path}: ${response.status} ${await response.text()}`);
    return response;
  };
  const page = { "x-fidus-csrf": "1", origin: product.url };
  const asJson = { "content-type": "application/json" };
  const { email, password, apiKey } = admin;
  const login = { method: "POST", headers: { ...page, ...asJson }, body: JSON.stringify({ email, password }) };
  const cookies = (await ok("/api/v1/auth/login", login)).headers.getSetCookie();
  const signedIn = { ...page, cookie: cookies.map((value) => value.split(";")[0]).join("; ") };
  const change = (method: string, body: object): RequestInit => ({
    method,
    headers: { ...signedIn, ...asJson },
    body: JSON.stringify(body),
  });
  const read = async (path: string): Promise<string> => (await ok(path, { headers: signedIn })).text();

  for (const path of ["/", "/admin", "/docs", "/api/v1/openapi.json", "/api/v1/llm/status"]) await read(path);
  await ok("/api/v1/llm/cloud", change("PUT", { allowed: true }));
  const chat = await allEvents(await ok("/api/v1/chat", change("POST", { content: "Say hello to the quokka." })));
  expect(chat.at(-1)?.event).toBe("done");
  expect(textOf(chat)).not.toBe("");
  const conversation = String(chat[0]?.data["conversationId"]);
  expect(await read("/api/v1/conversations?q=QUOKKA")).toContain(conversation);

  const files = [
    ["notes.md", "# Quokka\n\nSee ![it](https://pictures.example.com/quokka.png) and https://example.com."],
    ["page.pdf", pdf("The quokka smiles")],
    ["letter.docx", await docx("<w:p><w:r><w:t>Dear quokka</w:t></w:r></w:p>")],
  ] as const;
  const handedIn = new Set<string>();
  for (const [name, content] of files) {
    const body = new FormData();
    body.set("file", new File([content], name));
    const answer = await ok("/api/v1/documents", { method: "POST", headers: signedIn, body });
    handedIn.add(((await answer.json()) as Document).id);
  }
  await eventually("the worker has tried every document", async () => {
    const { documents } = JSON.parse(await read("/api/v1/documents")) as { documents: Document[] };
    const states = documents.filter(({ id }) => handedIn.has(id)).map(({ state }) => state);
    return states.length === files.length && states.every((state) => state === (vectors ? "ready" : "failed"));
  });
  if (vectors) {
    const found = await ok("/api/v1/documents/search", change("POST", { query: "Who smiles?" }));
    expect(await found.text()).toContain("The quokka smiles");
  }

  for (const path of ["me/export", "usage", "sessions", "keys", "llm/models"]) await read(`/api/v1/${path}`);
  for (const path of ["users", "keys", "budgets", "usage", "models", "health", "trials", "audit"])
    await read(`/api/v1/admin/${path}`);
  expect((await product.fidus("admin", "create", "--email", `u${Date.now()}@example.com`, "--json")).code).toBe(0);

  const bearer = { headers: { ...asJson, authorization: `Bearer ${apiKey}` } };
  expect(await (await ok("/v1/models", bearer)).text()).toContain(model);
  for (const stream of [false, true]) {
    const question = { model, stream, max_tokens: 8, messages: [{ role: "user", content: "Hello" }] };
    const answer = await ok("/v1/chat/completions", { method: "POST", ...bearer, body: JSON.stringify(question) });
    expect(await answer.text()).toContain(stream ? "data: [DONE]" : '"finish_reason"');
  }
  return conversation;
}
