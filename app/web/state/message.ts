/** Messages of a conversation as the page shows them. */
import type { Citation, MessageStatus, StoredMessage } from "../net/api.ts";

export interface Message {
  readonly key: string;
  /** The server's id; null until it told it. */
  readonly id: string | null;
  readonly role: "user" | "assistant";
  readonly content: string;
  readonly status: MessageStatus;
  /** Why an answer is not whole, in words for the user; null when it is. */
  readonly note: string | null;
  /** Passages of one's documents that the answer may draw on. */
  readonly citations: readonly Citation[];
}

/** The answer being written now; its key stays when it becomes a message, so that nothing is drawn anew. */
export interface Answer {
  readonly key: string;
  readonly messageId: string | null;
  readonly text: string;
  readonly phase: "waiting" | "writing" | "stopping";
  readonly citations: readonly Citation[];
}

export const interrupted = "The answer was interrupted.";
export const lost = "The connection was lost before the answer was finished.";

let keys = 0;
/** Knows a message in the page before the server gave it an id. */
export const nextKey = (): string => `m${++keys}`;

export function toMessage(stored: StoredMessage): Message {
  const status = stored.role === "user" ? "complete" : statusOf(stored.status);
  const note = status === "failed" ? interrupted : status === "cancelled" ? noteOf("cancelled") : null;
  return {
    key: stored.id,
    id: stored.id,
    role: stored.role === "user" ? "user" : "assistant",
    content: stored.content,
    status,
    note,
    citations: stored.citations ?? [],
  };
}

/** What was just asked; the server has given it no id yet. */
export function toQuestion(content: string): Message {
  return { key: nextKey(), id: null, role: "user", content, status: "complete", note: null, citations: [] };
}

/** The rest of an answer that was being written when the page came. */
export function toAnswer({ key, content, citations }: Message, phase: Answer["phase"]): Answer {
  return { key, messageId: key, text: content, phase, citations };
}

function statusOf(status: string): MessageStatus {
  switch (status) {
    case "streaming":
    case "cancelled":
    case "failed":
      return status;
    default:
      return "complete";
  }
}

export function noteOf(finishReason: string): string | null {
  if (finishReason === "cancelled") return "You stopped this answer.";
  if (finishReason === "length") return "The answer reached the length limit of the model.";
  return null;
}
