import type { RedisBus } from "../redis.ts";

const channel = "fidus:cancel";
const noteOf = (messageId: string): string => `fidus:cancel:${messageId}`;
/** How long a cancel stays readable for a replica that missed the message. */
const noteSeconds = 60;

/** The answers this replica is writing, and the way to stop one that another replica writes. */
export class CancelRegistry {
  readonly #local = new Map<string, () => void>();
  readonly #bus: RedisBus | null;

  constructor(bus: RedisBus | null) {
    this.#bus = bus;
    bus?.listen(channel, (messageId) => this.#local.get(messageId)?.());
    bus?.onResume(() => void this.#catchUp());
  }

  /** Makes an answer stoppable until the returned function is called, also by a cancel that came before. */
  register(messageId: string, stop: () => void): () => void {
    this.#local.set(messageId, stop);
    // Not waited for: a Redis that hangs must not hold the answer up.
    void this.#bus?.hasNote(noteOf(messageId)).then((cancelled) => cancelled && stop());
    return () => this.#local.delete(messageId);
  }

  /** Stops an answer wherever it is written. False: not here, and the other replicas cannot be told. */
  async cancel(messageId: string): Promise<boolean> {
    const stop = this.#local.get(messageId);
    if (stop !== undefined) {
      stop();
      return true;
    }
    return this.#bus === null ? false : this.#bus.publishAndKeep(channel, messageId, noteOf(messageId), noteSeconds);
  }

  /** What is published while we are away is lost; the notes beside it tell. */
  async #catchUp(): Promise<void> {
    for (const [messageId, stop] of this.#local) {
      if (await this.#bus?.hasNote(noteOf(messageId))) stop();
    }
  }
}
