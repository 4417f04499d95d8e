import { allEvents, textOf } from "../../app/src/testing/events.ts";
import { pageHeaders } from "../../app/src/testing/api.ts";

/** What every version of the product offers a person, over HTTP. */
export interface Person {
  /** Asks on the page, in a new conversation or a given one. */
  readonly ask: (content: string, conversationId?: string) => Promise<{ conversationId: string; answer: string }>;
  /** Texts of a conversation, oldest first. */
  readonly read: (conversationId: string) => Promise<string[]>;
  /** A request of the page to the API; the answer must be a success. */
  readonly call: (method: string, path: string, body?: unknown) => Promise<unknown>;
  /** The same sign-in at another version. */
  readonly at: (url: string) => Person;
}

/** Signs in at a version. @throws when it refuses */
export async function signInAt(url: string, account: { readonly email: string; readonly password: string }): Promise<Person> {
  const { email, password } = account;
  const body = JSON.stringify({ email, password });
  const response = await good(await fetch(`${url}/api/v1/auth/login`, { method: "POST", headers: pageHeaders, body }));
  const cookie = response.headers.getSetCookie()[0]?.split(";", 1)[0] ?? "";
  return personAt(url, { ...pageHeaders, cookie });
}

function personAt(url: string, headers: Readonly<Record<string, string>>): Person {
  const request = async (method: string, path: string, body?: unknown): Promise<Response> => {
    const form = body instanceof FormData;
    // A form names its own type, with its boundary.
    const { "content-type": type, ...rest } = headers;
    const sent = body === undefined ? {} : { body: form ? body : JSON.stringify(body) };
    const typed = form || type === undefined ? rest : { ...rest, "content-type": type };
    return good(await fetch(`${url}/api/v1${path}`, { method, headers: typed, ...sent }));
  };
  return {
    ask: async (content, conversationId) => {
      const given = conversationId === undefined ? {} : { conversationId };
      const events = await allEvents(await request("POST", "/chat", { content, ...given }));
      return { conversationId: String(events[0]?.data["conversationId"]), answer: textOf(events) };
    },
    read: async (conversationId) => {
      const { messages } = (await (await request("GET", `/conversations/${conversationId}`)).json()) as Conversation;
      return messages.map(({ content }) => content);
    },
    call: async (method, path, body) => (await request(method, path, body)).json(),
    at: (other) => personAt(other, headers),
  };
}

interface Conversation {
  readonly messages: readonly { readonly content: string }[];
}

/** What the model says to a caller of the OpenAI-compatible API. @throws when the key is refused */
export async function askByKey(url: string, apiKey: string, content: string): Promise<string> {
  const headers = { authorization: `Bearer ${apiKey}`, "content-type": "application/json" };
  const body = JSON.stringify({ model: "test-model", messages: [{ role: "user", content }] });
  const response = await good(await fetch(`${url}/v1/chat/completions`, { method: "POST", headers, body }));
  const { choices } = (await response.json()) as { choices: { message: { content: string } }[] };
  return choices[0]?.message.content ?? "";
}

async function good(response: Response): Promise<Response> {
  if (response.ok) return response;
  throw new Error(`${response.url}: ${response.status} ${await response.text()}`);
}
