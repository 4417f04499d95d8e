/** Collects text and hands it on at most once per animation frame: a fast model must not cost a paint per token. */
export class FrameBuffer {
  readonly #flushed: (text: string) => void;
  #pending = "";
  #frame: number | null = null;

  constructor(flushed: (text: string) => void) {
    this.#flushed = flushed;
  }

  add(text: string): void {
    this.#pending += text;
    this.#frame ??= requestAnimationFrame(() => this.flush());
  }

  /** Hands on what is left now; needed at the end, since a hidden tab gets no frames. */
  flush(): void {
    if (this.#frame !== null) cancelAnimationFrame(this.#frame);
    this.#frame = null;
    const text = this.#pending;
    this.#pending = "";
    if (text) this.#flushed(text);
  }
}
