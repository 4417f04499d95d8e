import type { CancelBus } from "../redis.ts";

/** The answers this replica is writing, and the way to stop one that another replica writes. */
export class CancelRegistry {
  readonly #local = new Map<string, () => void>();
  readonly #bus: CancelBus | null;

  constructor(bus: CancelBus | null) {
    this.#bus = bus;
    bus?.listen(
      (messageId) => this.#local.get(messageId)?.(),
      () => void this.#catchUp(),
    );
  }

  /** Makes an answer stoppable until the returned function is called. */
  register(messageId: string, stop: () => void): () => void {
    this.#local.set(messageId, stop);
    return () => this.#local.delete(messageId);
  }

  /** Stops an answer wherever it is written. False: not here, and the other replicas cannot be told. */
  async cancel(messageId: string): Promise<boolean> {
    const stop = this.#local.get(messageId);
    if (stop !== undefined) {
      stop();
      return true;
    }
    return this.#bus === null ? false : this.#bus.publish(messageId);
  }

  /** Pub/sub loses what is sent while we are away; the keys beside it tell. */
  async #catchUp(): Promise<void> {
    for (const [messageId, stop] of this.#local) {
      if (await this.#bus?.wasCancelled(messageId)) stop();
    }
  }
}
