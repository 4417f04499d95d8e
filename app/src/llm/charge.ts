import { usageInText, type Admission, type Candidate, type ExchangeOutcome, type Usage } from "./usage.ts";

const tailBytes = 16 * 1024;

/** Watches one answer go by, and settles what was admitted for it exactly once. */
export class Charge {
  readonly #admission: Admission;
  readonly #candidate: Candidate;
  readonly #promptTokens: number;
  #usage: Usage | null = null;
  #pieces = 0;
  #settled = false;
  #tail = "";

  constructor(admission: Admission, candidate: Candidate, promptTokens: number) {
    this.#admission = admission;
    this.#candidate = candidate;
    this.#promptTokens = promptTokens;
  }

  /** One event of a stream: a piece of the answer, or the runtime's own count. */
  event(data: string): void {
    this.#pieces += 1;
    if (data.includes('"usage"')) this.#usage = usageInText(data) ?? this.#usage;
  }

  /** The runtime's own count. */
  count(usage: Usage): void {
    this.#usage = usage;
  }

  /** A part of an answer that is not streamed; its count stands near the end. */
  body(bytes: Buffer): void {
    this.#tail = (this.#tail + bytes.toString("latin1")).slice(-tailBytes);
  }

  settle(outcome: ExchangeOutcome): void {
    if (this.#settled) return;
    this.#settled = true;
    const usage = this.#usage ?? usageInText(this.#tail);
    void this.#admission.settle({ candidate: this.#candidate, outcome, usage: usage ?? this.#estimate(outcome) });
  }

  /** A refusal used nothing. Where no stream was seen the runtime may have worked to the end: then what was paid for counts. */
  #estimate(outcome: ExchangeOutcome): Usage {
    if (outcome === "refused") return { prompt: 0, completion: 0, estimated: false };
    const completion = this.#pieces > 0 ? this.#pieces : (this.#admission.maxTokens ?? 0);
    return { prompt: this.#promptTokens, completion, estimated: true };
  }
}
