/** What is tested: the real product if FIDUS_BROWSER_URL is set, else the stand-in. */
import { request as requests, type APIRequestContext } from "playwright-core";
import { startDevServer } from "../dev-server.ts";
import type { OpenOptions } from "./browser.ts";

export interface Target {
  readonly url: string;
  readonly email: string;
  readonly password: string;
  /** True for the real product: answers come from a model and cannot be foretold. */
  readonly real: boolean;
  /** A signed-in caller of the API, for looking behind the page. */
  readonly api: APIRequestContext;
  /** Cookies of that session for a page that starts signed in. */
  readonly signedIn: NonNullable<OpenOptions["storageState"]>;
  /** Answers being written now, as far as the target tells; null when it does not. */
  active(): Promise<number | null>;
  /** Deletes the conversations made since the start and stops what was started. */
  close(): Promise<void>;
}

/** Opens the target and signs in once. Throws when FIDUS_BROWSER_* is incomplete or refused. */
export async function openTarget(): Promise<Target> {
  const real = process.env["FIDUS_BROWSER_URL"] !== undefined;
  const server = real ? null : await startDevServer();
  const url = (server?.url ?? needed("FIDUS_BROWSER_URL")).replace(/\/$/, "");
  const email = server?.email ?? needed("FIDUS_BROWSER_EMAIL");
  const password = server?.password ?? needed("FIDUS_BROWSER_PASSWORD");
  const api = await requests.newContext({
    baseURL: url,
    extraHTTPHeaders: { "X-Fidus-CSRF": "1", "Sec-Fetch-Site": "same-origin" },
  });
  const login = await api.post("/api/v1/auth/login", { data: { email, password } });
  if (!login.ok()) throw new Error(`FIDUS_BROWSER_EMAIL: got status ${login.status()} from ${url}; needs valid credentials.`);
  const before = new Set(await conversationIds(api));
  return {
    url,
    email,
    password,
    real,
    api,
    signedIn: await api.storageState(),
    active: async () => {
      if (server) return server.active();
      const status = (await (await api.get("/api/v1/llm/status")).json()) as { active?: number };
      return status.active ?? null;
    },
    close: async () => {
      for (const id of await conversationIds(api)) if (!before.has(id)) await api.delete(`/api/v1/conversations/${id}`);
      await api.dispose();
      await server?.close();
    },
  };
}

async function conversationIds(api: APIRequestContext): Promise<string[]> {
  const response = await api.get("/api/v1/conversations");
  const { conversations } = (await response.json()) as { conversations: { id: string }[] };
  return conversations.map((conversation) => conversation.id);
}

function needed(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name}: got nothing; needs a value when FIDUS_BROWSER_URL is set. export ${name}=…`);
  return value;
}
