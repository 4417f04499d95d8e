/** Typed calls to /api/v1 on the page's own origin. Every failure is an ApiError. */

export interface User {
  readonly email: string;
  readonly name: string | null;
  readonly role: string;
}
export interface Summary {
  readonly id: string;
  readonly title: string;
  readonly updatedAt: string;
}
/** How an answer ended; `streaming` means the server is still writing it. */
export type MessageStatus = "complete" | "streaming" | "cancelled" | "failed";
export interface StoredMessage {
  readonly id: string;
  readonly role: "user" | "assistant" | "system";
  readonly content: string;
  readonly status: string;
  readonly createdAt: string;
  /** What an answer drew on; null or absent: it looked at no documents. */
  readonly citations?: readonly Citation[] | null;
}
/** A passage of one's own documents that an answer drew on. */
export interface Citation {
  /** What the answer calls it: [1] is the first. */
  readonly number: number;
  readonly documentId: string;
  readonly name: string;
  /** Where in the document, e.g. "page 3". */
  readonly place: string;
  /** Which passage of the document. */
  readonly position: number;
}
/** One of one's documents; `failed`: the last attempt to embed it did not succeed, and the server goes on trying. */
export interface Document {
  readonly id: string;
  readonly name: string;
  readonly bytes: number;
  readonly chunks: number;
  /** Passages that can be found already. */
  readonly embedded: number;
  readonly state: "queued" | "embedding" | "ready" | "failed";
}
export interface Conversation {
  readonly id: string;
  readonly title: string;
  readonly messages: readonly StoredMessage[];
}
export interface RuntimeStatus {
  readonly runtime: string;
  /** Null when the runtime has none. */
  readonly model: string | null;
  readonly demo: boolean;
  readonly nextStep: string | null;
  readonly reachable: boolean;
  readonly loaded: boolean;
  readonly tokensPerSecond: number | null;
}

/** A model to choose; `cloud`: what is asked leaves the house, so only people who allowed it are served. */
export interface Model {
  readonly id: string;
  readonly cloud: boolean;
}
export interface Models {
  /** Answers who chooses none. */
  readonly default: string | null;
  readonly models: readonly Model[];
}
/** Whether there are models outside the house, and whether this person allowed them. */
export interface Cloud {
  readonly available: boolean;
  readonly allowed: boolean;
}

/** Ways to sign in. */
export interface Providers {
  /** Kind of the identity provider; null: there is none. */
  readonly oidc: string | null;
}

/** A call that did not succeed. `status` is the HTTP status, 0 when no answer came at all. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  /** Seconds after which a limited call may be repeated, if the server said so. */
  readonly retryAfter: number | null;
  constructor(status: number, code: string, message: string, retryAfter: number | null = null) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

interface RequestOptions {
  readonly body?: unknown;
  readonly signal?: AbortSignal;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends one request. Throws ApiError for every status outside 2xx and when the network fails; an abort passes through. */
export async function request(
  method: string,
  path: string,
  { body, signal, headers = {} }: RequestOptions = {},
): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(`/api/v1${path}`, {
      method,
      // Other sites cannot set this header without a preflight, which the API refuses.
      headers: { "X-Fidus-CSRF": "1", ...(body === undefined ? {} : { "Content-Type": "application/json" }), ...headers },
      credentials: "same-origin",
      cache: "no-store",
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal ? { signal } : {}),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, "network", "No connection.");
  }
  if (response.ok) return response;
  throw await errorOf(response);
}

async function errorOf(response: Response): Promise<ApiError> {
  const seconds = Number(response.headers.get("Retry-After") ?? Number.NaN);
  const retryAfter = Number.isFinite(seconds) && seconds > 0 ? Math.ceil(seconds) : null;
  return refused(response.status, await response.json().catch(() => null), retryAfter);
}

/** The error that an answer of this status with this body stands for. */
export function refused(status: number, body: unknown, retryAfter: number | null = null): ApiError {
  const error = field(body, "error");
  const code = field(error, "code");
  const message = field(error, "message") ?? field(body, "message");
  return new ApiError(status, text(code) ?? String(status), text(message) ?? "", retryAfter);
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
function text(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

async function read<T>(path: string, signal?: AbortSignal): Promise<T> {
  const response = await request("GET", path, signal ? { signal } : {});
  return (await response.json().catch(() => {
    throw new ApiError(0, "network", "The answer was cut off.");
  })) as T;
}

const segment = encodeURIComponent;

/** The calls of the page but the chat itself, whose stream state/thread.ts reads from `request`. */
export const api = {
  me: (): Promise<User> => read("/auth/me"),
  providers: (): Promise<Providers> => read("/auth/providers"),
  login: (email: string, password: string): Promise<Response> => request("POST", "/auth/login", { body: { email, password } }),
  logout: (): Promise<Response> => request("POST", "/auth/logout"),
  status: (): Promise<RuntimeStatus> => read("/llm/status"),
  conversations: async (): Promise<Summary[]> => (await read<{ conversations: Summary[] }>("/conversations")).conversations,
  /** Conversations in whose title or messages the words stand. */
  search: async (words: string, signal: AbortSignal): Promise<Summary[]> =>
    (await read<{ conversations: Summary[] }>(`/conversations?q=${segment(words)}`, signal)).conversations,
  rename: (id: string, title: string): Promise<Response> =>
    request("PATCH", `/conversations/${segment(id)}`, { body: { title } }),
  models: (): Promise<Models> => read("/llm/models"),
  cloud: (): Promise<Cloud> => read("/llm/cloud"),
  allowCloud: (allowed: boolean): Promise<Response> => request("PUT", "/llm/cloud", { body: { allowed } }),
  conversation: (id: string): Promise<Conversation> => read(`/conversations/${segment(id)}`),
  remove: (id: string): Promise<Response> => request("DELETE", `/conversations/${segment(id)}`),
  /** The rest of an answer after position `from` of its text, as an event stream. */
  events: (messageId: string, from: number, signal: AbortSignal): Promise<Response> =>
    request("GET", `/chat/${segment(messageId)}/events`, { signal, headers: { "Last-Event-ID": String(from) } }),
  documents: async (): Promise<Document[]> => (await read<{ documents: Document[] }>("/documents")).documents,
  removeDocument: (id: string): Promise<Response> => request("DELETE", `/documents/${segment(id)}`),
  /** The words that a citation stands for. */
  passage: async ({ documentId, position }: Citation): Promise<string> =>
    (await read<{ content: string }>(`/documents/${segment(documentId)}/chunks/${position}`)).content,
  cancel: (messageId: string): Promise<Response> => request("POST", `/chat/${segment(messageId)}/cancel`),
};
