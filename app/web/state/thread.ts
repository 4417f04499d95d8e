/** One conversation: its messages, the answer being written, the draft, and what went wrong. */
import { batch, signal } from "@preact/signals";
import { answerEvents, type AnswerEvent } from "../net/answer-stream.ts";
import { api, ApiError, request, type Conversation, type MessageStatus, type StoredMessage } from "../net/api.ts";
import { announce } from "./announce.ts";
import { keepDraft, readDraft } from "./drafts.ts";
import { FrameBuffer } from "./frame-buffer.ts";
import { problemOf, type Problem } from "./problems.ts";
import { refreshRuntime } from "./runtime.ts";
import { isSignedOut } from "./session.ts";

/** The API takes no more characters in one message. */
const LONGEST_MESSAGE = 32_000;
const POLL_MS = 1_500;
const STOP_PATIENCE_MS = 2_000;
const ANNOUNCED_CHARACTERS = 600;

export interface Message {
  readonly key: string;
  readonly role: "user" | "assistant";
  readonly content: string;
  readonly status: MessageStatus;
  /** Why an answer is not whole, in words for the user; null when it is. */
  readonly note: string | null;
}

/** The answer being written now; its key stays when it becomes a message, so that nothing is drawn anew. */
export interface Answer {
  readonly key: string;
  readonly messageId: string | null;
  readonly text: string;
  readonly phase: "waiting" | "writing" | "stopping";
}

export interface ThreadEvents {
  /** The server gave the conversation its id and title. */
  started(thread: Thread, id: string, title: string): void;
}

let keys = 0;
const nextKey = (): string => `m${++keys}`;

export class Thread {
  readonly id = signal<string | null>(null);
  readonly title = signal("New chat");
  readonly messages = signal<readonly Message[]>([]);
  readonly state = signal<"ready" | "loading" | "missing" | "failed">("ready");
  readonly answer = signal<Answer | null>(null);
  readonly problem = signal<Problem | null>(null);
  readonly draft = signal("");
  readonly #events: ThreadEvents;
  #abort: AbortController | null = null;
  #poll: ReturnType<typeof setTimeout> | undefined;

  constructor(id: string | null, events: ThreadEvents) {
    this.id.value = id;
    this.draft.value = readDraft(id);
    this.#events = events;
  }

  /** Changes the unsent message. */
  write(text: string): void {
    this.draft.value = text;
    keepDraft(this.id.value, text);
  }

  /** Reads the stored messages. An answer that the server is still writing is followed until it is done. */
  async load(): Promise<void> {
    const id = this.id.value;
    if (id === null || this.#abort) return;
    clearTimeout(this.#poll);
    if (this.messages.value.length === 0 && !this.answer.value) this.state.value = "loading";
    try {
      const stored = await api.conversation(id);
      if (!this.#abort) this.#show(stored);
    } catch (error) {
      if (isSignedOut(error)) return;
      const missing = error instanceof ApiError && (error.status === 404 || error.status === 400);
      batch(() => {
        this.state.value = missing ? "missing" : this.messages.value.length > 0 ? "ready" : "failed";
        this.problem.value = missing ? null : problemOf(error);
      });
      if (this.answer.value && !missing) this.#poll = setTimeout(() => void this.load(), 4 * POLL_MS);
    }
  }

  #show(stored: Conversation): void {
    const messages = stored.messages.filter((message) => message.role !== "system").map(toMessage);
    const last = messages.at(-1);
    const growing = last?.status === "streaming" ? last : null;
    const phase = this.answer.value?.phase === "stopping" ? "stopping" : "writing";
    batch(() => {
      this.title.value = stored.title;
      this.messages.value = growing ? messages.slice(0, -1) : messages;
      this.answer.value = growing && { key: growing.key, messageId: growing.key, text: growing.content, phase };
      this.state.value = "ready";
      this.problem.value = null;
    });
    if (growing) this.#poll = setTimeout(() => void this.load(), POLL_MS);
  }

  /** Sends the draft and shows the answer as it comes. If it does not arrive at the server, it returns to the box. */
  async send(): Promise<void> {
    const content = this.draft.value.trim();
    if (content === "" || this.answer.value) return;
    if (content.length > LONGEST_MESSAGE) {
      this.problem.value = problemOf(new ApiError(413, "too_large", ""));
      return;
    }
    clearTimeout(this.#poll);
    const before = this.messages.value;
    const question: Message = { key: nextKey(), role: "user", content, status: "complete", note: null };
    batch(() => {
      this.messages.value = [...before, question];
      this.answer.value = { key: nextKey(), messageId: null, text: "", phase: "waiting" };
      this.problem.value = null;
      this.draft.value = ""; // the stored copy stays until the server has the message
    });
    const abort = new AbortController();
    this.#abort = abort;
    try {
      const id = this.id.value;
      const response = await request("POST", "/chat", { content, ...(id === null ? {} : { conversationId: id }) }, abort.signal);
      if (!response.body) throw new ApiError(0, "network", "No connection.");
      await this.#follow(answerEvents(response.body));
    } catch (error) {
      this.#giveBack(before, content, abort.signal.aborted ? null : error);
    }
    this.#abort = null;
    void refreshRuntime();
  }

  /** Stops the answer: the runtime first, and the connection too if the server does not end it soon. */
  stop(): void {
    const answer = this.answer.value;
    if (!answer || answer.phase === "stopping") return;
    this.answer.value = { ...answer, phase: "stopping" };
    const abort = this.#abort;
    if (answer.messageId === null) abort?.abort();
    else
      void api
        .cancel(answer.messageId)
        .then(() => this.load())
        .catch(() => abort?.abort());
    setTimeout(() => abort?.abort(), STOP_PATIENCE_MS);
  }

  /** Puts the question of a failed answer back into an empty box. */
  askAgain(key: string): void {
    const index = this.messages.value.findIndex((message) => message.key === key);
    const question = this.messages.value.slice(0, index).findLast((message) => message.role === "user");
    if (question && this.draft.value.trim() === "") this.write(question.content);
  }

  async #follow(events: AsyncGenerator<AnswerEvent>): Promise<void> {
    const buffer = new FrameBuffer((text) => this.#grow(text));
    let started = false;
    for await (const event of events) {
      switch (event.kind) {
        case "start":
          started = true;
          this.#started(event);
          break;
        case "delta":
          buffer.add(event.text);
          break;
        case "done":
          buffer.flush();
          this.#finish(event.finishReason === "cancelled" ? "cancelled" : "complete", noteOf(event.finishReason));
          return;
        case "error":
          buffer.flush();
          if (!started) throw new ApiError(0, event.code === "cut" ? "network" : event.code, event.message);
          if (this.answer.value?.phase === "stopping") this.#finish("cancelled", noteOf("cancelled"));
          else this.#finish("failed", event.message || "The answer was interrupted.");
          return;
        default:
          event satisfies never;
      }
    }
  }

  #started(event: Extract<AnswerEvent, { kind: "start" }>): void {
    keepDraft(this.id.value, this.draft.value); // the server has the message now
    const isNew = this.id.value === null;
    batch(() => {
      this.id.value = event.conversationId;
      if (event.title) this.title.value = event.title;
      if (this.answer.value) this.answer.value = { ...this.answer.value, messageId: event.messageId };
    });
    if (isNew && this.draft.value) keepDraft(null, "");
    if (isNew) keepDraft(event.conversationId, this.draft.value);
    this.#events.started(this, event.conversationId, this.title.value);
  }

  #grow(text: string): void {
    const answer = this.answer.value;
    if (!answer) return;
    this.answer.value = { ...answer, text: answer.text + text, phase: answer.phase === "stopping" ? "stopping" : "writing" };
  }

  #finish(status: MessageStatus, note: string | null): void {
    const answer = this.answer.value;
    if (!answer) return;
    const content = answer.text;
    const message: Message = { key: answer.key, role: "assistant", content, status, note };
    batch(() => {
      this.messages.value = [...this.messages.value, message];
      this.answer.value = null;
    });
    const spoken = content.length > ANNOUNCED_CHARACTERS ? `${content.slice(0, ANNOUNCED_CHARACTERS)} …` : content;
    announce([status === "complete" ? "Fidus answered:" : note, spoken].filter(Boolean).join(" "));
  }

  #giveBack(before: readonly Message[], content: string, error: unknown): void {
    const started = this.answer.value?.messageId != null;
    if (started) {
      this.#finish(error === null ? "cancelled" : "failed", error === null ? noteOf("cancelled") : "The answer was interrupted.");
      return;
    }
    batch(() => {
      this.messages.value = before;
      this.answer.value = null;
      this.write(this.draft.value ? `${content}\n${this.draft.value}` : content);
      this.problem.value = error === null || isSignedOut(error) ? null : problemOf(error);
    });
  }
}

function toMessage(stored: StoredMessage): Message {
  const status = stored.role === "user" ? "complete" : statusOf(stored.status);
  const note = status === "failed" ? "The answer was interrupted." : status === "cancelled" ? noteOf("cancelled") : null;
  return { key: stored.id, role: stored.role === "user" ? "user" : "assistant", content: stored.content, status, note };
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

function noteOf(finishReason: string): string | null {
  if (finishReason === "cancelled") return "You stopped this answer.";
  if (finishReason === "length") return "The answer reached the length limit of the model.";
  return null;
}
