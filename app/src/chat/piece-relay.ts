import { z } from "zod";
import type { RedisBus } from "../redis.ts";
import type { Written } from "./answers.ts";
import type { GrowingAnswer } from "./growing-answer.ts";

/** Where readers say what they want; every writer listens. */
const wishes = "fidus:answers:wanted";
const channelOf = (messageId: string): string => `fidus:answer:${messageId}`;

/** A writer sends as long as somebody has asked lately; readers ask every second. */
const wantedForMs = 5_000;
/** Pieces are sent together: a token alone costs Redis as much as twenty. */
const gatherMs = 40;

const wish = z.object({ id: z.string(), from: z.int().nonnegative() });
const news = z.union([z.object({ at: z.int().nonnegative(), text: z.string() }), z.object({ ended: z.literal(true) })]);

/** Brings pieces from the replica that writes to those that read, over Redis. Nothing is sent that nobody asked for. */
export class PieceRelay {
  readonly #bus: RedisBus;
  readonly #written: ReadonlyMap<string, Written>;
  /** Until when an answer is wanted, and how far it was sent. */
  readonly #senders = new Map<string, { until: number; sent: number }>();

  constructor(bus: RedisBus, written: ReadonlyMap<string, Written>) {
    this.#bus = bus;
    this.#written = written;
    bus.listen(wishes, (message) => this.#wished(wish.parse(JSON.parse(message))));
  }

  /** Asks the writer, whoever it is, for all after what `answer` has. */
  want(id: string, { text }: GrowingAnswer): void {
    void this.#bus.publish(wishes, JSON.stringify({ id, from: text.length }));
  }

  /** Takes pieces into `answer` until the returned function is called; `ended` runs when the writer is through. */
  follow(id: string, answer: GrowingAnswer, ended: () => void): () => void {
    return this.#bus.listen(channelOf(id), (message) => {
      const told = news.parse(JSON.parse(message));
      if ("ended" in told) ended();
      else if (!answer.merge(told.at, told.text)) this.want(id, answer);
    });
  }

  /** Tells the readers that text and end are in PostgreSQL. */
  ended(id: string): void {
    if (this.#senders.delete(id)) void this.#bus.publish(channelOf(id), JSON.stringify({ ended: true }));
  }

  #wished({ id, from }: z.infer<typeof wish>): void {
    const answer = this.#written.get(id)?.answer;
    if (answer === undefined) return;
    const known = this.#senders.get(id);
    const sender = known ?? { until: 0, sent: from };
    sender.until = performance.now() + wantedForMs;
    sender.sent = Math.min(sender.sent, from);
    if (known !== undefined) return;
    this.#senders.set(id, sender);
    void this.#serve(id, answer, sender);
  }

  async #serve(id: string, answer: GrowingAnswer, sender: { until: number; sent: number }): Promise<void> {
    while (this.#senders.get(id) === sender && performance.now() < sender.until) {
      this.#send(id, answer, sender);
      if (answer.text.length === sender.sent) await answer.next();
      await new Promise((resolve) => setTimeout(resolve, gatherMs));
    }
    if (this.#senders.get(id) === sender) this.#senders.delete(id);
  }

  #send(id: string, { text }: GrowingAnswer, sender: { sent: number }): void {
    if (text.length <= sender.sent) return;
    void this.#bus.publish(channelOf(id), JSON.stringify({ at: sender.sent, text: text.slice(sender.sent) }));
    sender.sent = text.length;
  }
}
