import { tryJson } from "./adapters/adapter.ts";
import { isErrorData, type SseEvent } from "./sse-scanner.ts";
import { readUsage, tokensOfBytes, type Endpoint, type Usage } from "./usage.ts";

/** What one event of an answer is. "usage": it carries nothing else. */
export type EventKind = "piece" | "finish" | "usage" | "done" | "error";

const finishReason = /"finish_reason":\s*"[^"]/;
const usageObject = /"usage":\s*\{/;
const noChoices = /"choices":\s*\[\s*\]/;
const endOfResponse = new Set(["response.completed", "response.incomplete"]);
const failureOfResponse = new Set(["response.failed", "error"]);

/**
 * Watches a streamed answer go by: whether it came to an end of its own, what it cost, how long it was. Nothing is parsed but the
 * last usage: quotes inside a JSON string are escaped, so the text of a model cannot look like these fields.
 */
export class AnswerWatch {
  readonly #responses: boolean;
  #finished = false;
  #done = false;
  #failed = false;
  #pieces = 0;
  #bytes = 0;
  #smallest = Infinity;
  #usageEvent: string | null = null;

  constructor(endpoint: Endpoint) {
    this.#responses = endpoint === "responses";
  }

  /** The runtime said that the answer is over: a finish reason, or the responses' own last event. */
  get finished(): boolean {
    return this.#finished;
  }

  /** The protocol's end marker came; `/v1/responses` has none. */
  get done(): boolean {
    return this.#done || this.#responses;
  }

  /** The runtime reported an error itself. */
  get failed(): boolean {
    return this.#failed;
  }

  see(event: SseEvent): EventKind {
    const kind = this.#responses ? this.#seeResponse(event) : this.#seeChunk(event.data);
    if (kind === "finish") this.#finished = true;
    else if (kind === "done") this.#done = true;
    else if (kind === "error") this.#failed = true;
    return kind;
  }

  /** What the runtime said, else an estimate: at least one token a piece, and what the pieces hold beyond their frame. */
  usage(promptTokens: number): Usage {
    const told = this.#usageEvent === null ? null : usageOfEvent(this.#usageEvent);
    if (told !== null) return told;
    const text = this.#pieces === 0 ? 0 : this.#bytes - this.#pieces * this.#smallest;
    return { prompt: promptTokens, completion: Math.max(this.#pieces, tokensOfBytes(text)), estimated: true };
  }

  #seeChunk(data: string): EventKind {
    if (data === "[DONE]") return "done";
    if (isErrorData(data)) return "error";
    const finish = finishReason.test(data);
    if (usageObject.test(data)) {
      this.#usageEvent = data;
      if (!finish && noChoices.test(data)) return "usage";
    }
    if (finish) return "finish";
    this.#count(data);
    return "piece";
  }

  #seeResponse({ event, data }: SseEvent): EventKind {
    const type = event === "message" ? (/"type":\s*"([\w.]+)"/.exec(data)?.[1] ?? "") : event;
    if (failureOfResponse.has(type) || isErrorData(data)) return "error";
    if (endOfResponse.has(type)) {
      this.#usageEvent = data;
      return "finish";
    }
    if (type.endsWith(".delta")) this.#count(data);
    return "piece";
  }

  #count(data: string): void {
    this.#pieces++;
    this.#bytes += data.length;
    this.#smallest = Math.min(this.#smallest, data.length);
  }
}

function usageOfEvent(data: string): Usage | null {
  const json = tryJson(data) as { usage?: unknown; response?: { usage?: unknown } } | null;
  return readUsage(json?.usage ?? json?.response?.usage);
}
