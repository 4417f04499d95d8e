import type { EventStream } from "../http/stream.ts";

/** Tokens of an answer; estimated where the runtime did not say. */
export interface AnswerUsage {
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly estimated?: true;
}

/** How an answer ended, as its readers are told. */
export type AnswerEnd =
  | { readonly event: "done"; readonly data: { readonly finishReason: string; readonly usage: AnswerUsage | null } }
  | { readonly event: "error"; readonly data: { readonly code: string; readonly message: string } };

/** An answer while it is written: its text so far and, at last, its end. Any number of readers wait for more. */
export class GrowingAnswer {
  #text = "";
  #end: AnswerEnd | null = null;
  #wake: (() => void)[] = [];

  get text(): string {
    return this.#text;
  }

  /** null while it is written. */
  get end(): AnswerEnd | null {
    return this.#end;
  }

  append(piece: string): void {
    this.#text += piece;
    this.wake();
  }

  /** Takes a piece that begins at `at`, in UTF-16 units; what is known is passed over. False: something before it is missing. */
  merge(at: number, piece: string): boolean {
    if (at > this.#text.length) return false;
    const news = piece.slice(this.#text.length - at);
    if (news !== "") this.append(news);
    return true;
  }

  /** The first end stands. */
  finish(end: AnswerEnd): void {
    this.#end ??= end;
    this.wake();
  }

  /** Resolves when there may be more to see: a piece, the end, or a reader that left. */
  next(): Promise<void> {
    return new Promise((resolve) => this.#wake.push(resolve));
  }

  /** Lets every reader look again. */
  wake(): void {
    const waiting = this.#wake;
    this.#wake = [];
    for (const wake of waiting) wake();
  }
}

/**
 * Sends an answer from position `from` on until its end, or until the reader has left. The id of an event is the length of the
 * text up to its end, in UTF-16 units: what a reader needs to go on elsewhere. A slow reader gets larger pieces, and holds up
 * neither the writer nor other readers.
 */
export async function sendAnswer(answer: GrowingAnswer, stream: EventStream, from: number): Promise<void> {
  let sent = from;
  stream.onceClosed(() => answer.wake());
  while (!stream.closed) {
    const { text, end } = answer;
    if (text.length > sent) {
      await stream.send("delta", { text: text.slice(sent) }, text.length);
      sent = text.length;
    } else if (end === null) await answer.next();
    else return stream.send(end.event, end.data, text.length);
  }
}
