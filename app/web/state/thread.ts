/** One conversation: its messages, the answer being written, the draft, and what went wrong. */
import { batch, signal } from "@preact/signals";
import { answerEvents, type AnswerEvent } from "../net/answer-stream.ts";
import { api, ApiError, request, type Conversation, type MessageStatus } from "../net/api.ts";
import { announceAnswer } from "./announce.ts";
import { interrupted, lost, nextKey, noteOf, toAnswer, toMessage, toQuestion, type Answer, type Message } from "./message.ts";
import { chosenModel, keepModel } from "./models.ts";
import { documentsInUse } from "./documents.ts";
import { keepDraft, readDraft } from "./drafts.ts";
import { FrameBuffer } from "./frame-buffer.ts";
import { problemOf, type Problem } from "./problems.ts";
import { readOn, type AnswerPlace } from "./read-on.ts";
import { refreshRuntime } from "./runtime.ts";
import { isSignedOut } from "./session.ts";

/** The API takes no more characters in one message. */
const LONGEST_MESSAGE = 32_000;
const STOP_PATIENCE_MS = 2_000;

/** A question of mine while I change it. */
interface Edit {
  readonly key: string;
  readonly text: string;
}

/** What is asked, and what the page shows and does if it does not arrive. */
interface Question {
  readonly content: string;
  /** The messages before it. */
  readonly before: readonly Message[];
  /** The question that gives way to it; null: none. */
  readonly replaces: string | null;
  /** Puts things back as they were. */
  readonly restore: () => void;
}

export interface ThreadEvents {
  /** The server gave the conversation its id and title. */
  started(thread: Thread, id: string, title: string): void;
}

export class Thread {
  readonly id = signal<string | null>(null);
  readonly title = signal("New chat");
  readonly messages = signal<readonly Message[]>([]);
  readonly state = signal<"ready" | "loading" | "missing" | "failed">("ready");
  readonly answer = signal<Answer | null>(null);
  readonly problem = signal<Problem | null>(null);
  readonly draft = signal("");
  readonly edit = signal<Edit | null>(null);
  /** The model chosen for this conversation; null: the usual one. */
  readonly model = signal<string | null>(null);
  readonly #events: ThreadEvents;
  #abort: AbortController | null = null;

  constructor(id: string | null, events: ThreadEvents) {
    this.id.value = id;
    this.draft.value = readDraft(id);
    this.model.value = chosenModel(id);
    this.#events = events;
  }

  /** Changes the unsent message. */
  write(text: string): void {
    this.draft.value = text;
    keepDraft(this.id.value, text);
  }

  /** Chooses the model of what is asked from now on; null: the usual one. */
  choose(model: string | null): void {
    this.model.value = model;
    keepModel(this.id.value, model);
  }

  /** Reads the stored messages. An answer that the server is still writing is followed until it is done. */
  async load(): Promise<void> {
    const id = this.id.value;
    if (id === null || this.#abort) return;
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
      this.answer.value = growing && toAnswer(growing, phase);
      this.state.value = "ready";
      this.problem.value = null;
    });
    if (growing) void this.#readAlong(growing.key);
  }

  /** Sends the draft and shows the answer as it comes. If it does not arrive at the server, it returns to the box. */
  async send(): Promise<void> {
    const content = this.draft.value.trim();
    if (content === "" || this.answer.value || this.#tooLong(content)) return;
    const before = this.messages.value;
    const restore = (): void => {
      this.messages.value = before;
      this.write(this.draft.value ? `${content}\n${this.draft.value}` : content);
    };
    this.draft.value = ""; // the stored copy stays until the server has the message
    await this.#ask({ content, before, replaces: null, restore });
  }

  /** Asks the last question again: its new answer takes the place of the old one. */
  async retry(): Promise<void> {
    const question = this.messages.value.findLast((message) => message.role === "user");
    if (question) await this.#replace(question.key, question.content, null);
  }

  /** Asks the question that was changed in the place of the old one. Nothing changed: nothing is asked. */
  async sendEdit(): Promise<void> {
    const edit = this.edit.value;
    const content = edit?.text.trim() ?? "";
    if (!edit || content === "" || this.answer.value || this.#tooLong(content)) return;
    const old = this.messages.value.find((message) => message.key === edit.key)?.content;
    this.edit.value = null;
    if (content !== old) await this.#replace(edit.key, content, edit);
  }

  /** True, and said so, when the API would not take it. */
  #tooLong(content: string): boolean {
    const tooLong = content.length > LONGEST_MESSAGE;
    if (tooLong) this.problem.value = problemOf(new ApiError(413, "too_large", ""));
    return tooLong;
  }

  async #replace(key: string, content: string, edit: Edit | null): Promise<void> {
    const all = this.messages.value;
    const index = all.findIndex((message) => message.key === key);
    const replaces = all[index]?.id ?? null;
    if (replaces === null || this.answer.value) return;
    const restore = (): void => {
      this.messages.value = all;
      this.edit.value = edit;
    };
    await this.#ask({ content, before: all.slice(0, index), replaces, restore });
  }

  async #ask({ content, before, replaces, restore }: Question): Promise<void> {
    const question = toQuestion(content);
    batch(() => {
      this.messages.value = [...before, question];
      this.answer.value = { key: nextKey(), messageId: null, text: "", phase: "waiting", citations: [] };
      this.problem.value = null;
    });
    const abort = new AbortController();
    this.#abort = abort;
    try {
      const [id, model] = [this.id.value, this.model.value];
      const where = { ...(id === null ? {} : { conversationId: id }), ...(replaces === null ? {} : { replaces }) };
      const documents = documentsInUse.value ? { documents: true } : {};
      const body = { content, ...where, ...(model === null ? {} : { model }), ...documents };
      const response = await request("POST", "/chat", { body, signal: abort.signal });
      if ((await this.#read(response)) === "cut") await this.#readOn(abort.signal);
    } catch (error) {
      this.#giveBack(restore, abort.signal.aborted ? null : error);
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
    else void api.cancel(answer.messageId).catch(() => abort?.abort());
    setTimeout(() => abort?.abort(), STOP_PATIENCE_MS);
  }

  /** Follows an answer that was being written when the page came. */
  async #readAlong(messageId: string): Promise<void> {
    const abort = new AbortController();
    this.#abort = abort;
    try {
      await this.#readOn(abort.signal);
    } catch (error) {
      if (!isSignedOut(error) && this.answer.value?.messageId === messageId) this.#finishCut(abort.signal.aborted);
    }
    this.#abort = null;
  }

  /** Reads the rest of the answer from where the text ends; the server goes on writing whether we are there or not. */
  async #readOn(signal: AbortSignal): Promise<void> {
    const place = (): AnswerPlace | null => {
      const { messageId = null, text = "" } = this.answer.value ?? {};
      return messageId === null ? null : { messageId, length: text.length };
    };
    const ended = await readOn(place, (response) => this.#read(response), signal);
    if (!ended) this.#finishCut(false);
  }

  /** Shows events until the answer ends, or the connection does. Throws ApiError when nothing had begun. */
  async #read(response: Response): Promise<"ended" | "cut"> {
    if (!response.body) throw new ApiError(0, "network", "No connection.");
    const buffer = new FrameBuffer((text) => this.#grow(text));
    for await (const event of answerEvents(response.body)) {
      switch (event.kind) {
        case "start":
          this.#started(event);
          break;
        case "delta":
          buffer.add(event.text);
          break;
        case "done":
          buffer.flush();
          this.#finish(event.finishReason === "cancelled" ? "cancelled" : "complete", noteOf(event.finishReason));
          return "ended";
        case "error": {
          buffer.flush();
          const started = this.answer.value?.messageId != null;
          if (event.code === "cut" && started && this.answer.value?.phase !== "stopping") return "cut";
          if (!started) throw new ApiError(0, event.code === "cut" ? "network" : event.code, event.message);
          if (this.answer.value?.phase === "stopping") this.#finish("cancelled", noteOf("cancelled"));
          else this.#finish("failed", event.message || interrupted);
          return "ended";
        }
        default:
          event satisfies never;
      }
    }
    return "ended";
  }

  #started(event: Extract<AnswerEvent, { kind: "start" }>): void {
    keepDraft(this.id.value, this.draft.value); // the server has the message now
    const isNew = this.id.value === null;
    batch(() => {
      this.id.value = event.conversationId;
      if (event.title) this.title.value = event.title;
      // The question that is answered is the last message: it can be changed and asked again from now on.
      const question = this.messages.value.at(-1);
      if (question?.role === "user" && question.id === null && event.questionId) {
        this.messages.value = [...this.messages.value.slice(0, -1), { ...question, id: event.questionId }];
      }
      const { messageId, citations } = event;
      if (this.answer.value) this.answer.value = { ...this.answer.value, messageId, citations };
    });
    if (isNew && this.draft.value) keepDraft(null, "");
    if (isNew) keepDraft(event.conversationId, this.draft.value);
    if (isNew) keepModel(event.conversationId, this.model.value);
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
    const { key, messageId: id, text: content, citations } = answer;
    const message: Message = { key, id, role: "assistant", content, status, note, citations };
    batch(() => {
      this.messages.value = [...this.messages.value, message];
      this.answer.value = null;
    });
    announceAnswer(status === "complete" ? "Fidus answered:" : note, content);
  }

  /** Ends an answer of which no more will come. */
  #finishCut(stopped: boolean): void {
    this.#finish(stopped ? "cancelled" : "failed", stopped ? noteOf("cancelled") : lost);
  }

  #giveBack(restore: () => void, error: unknown): void {
    const started = this.answer.value?.messageId != null;
    if (started) {
      this.#finishCut(error === null);
      return;
    }
    batch(() => {
      this.answer.value = null;
      restore();
      this.problem.value = error === null || isSignedOut(error) ? null : problemOf(error);
    });
  }
}
