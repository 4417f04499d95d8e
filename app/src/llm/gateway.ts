import type { Readable } from "node:stream";
import { AppError } from "../errors.ts";
import type { Logger } from "../log.ts";
import { Redactor } from "../redaction/redactor.ts";
import type { Attempt } from "./breaker.ts";
import type { Call } from "./call.ts";
import type { LlmConfig } from "./config.ts";
import type { AttemptResult, LlmMetrics } from "./llm-metrics.ts";
import { candidate, Planner, type Plan, type Target } from "./plan.ts";
import { judge, readRefusal, RefusalError } from "./refusal.ts";
import { pause, waitMs } from "./retry.ts";
import { Runtime } from "./runtime.ts";
import { isErrorData, SseScanner } from "./sse-scanner.ts";
import { upstreamError, type UpstreamResponse } from "./upstream.ts";
import type { Candidate } from "./usage.ts";

/** One question to whoever of the plan answers first. */
export interface Question {
  /** Below the runtime's base, e.g. "/chat/completions". */
  readonly path: string;
  readonly targets: readonly Target[];
  /** The bytes for one target: its own name for the model, and what it wants to be asked. */
  readonly body: (target: Target) => Buffer;
  /** Called before each request: from here on this one may work, and cost. */
  readonly onAsk?: (candidate: Candidate) => void;
  readonly signal: AbortSignal;
}

/** An answer whose first byte is here: from now on nobody else can take over. */
export interface Exchange {
  readonly target: Target;
  readonly candidate: Candidate;
  readonly headers: UpstreamResponse["headers"];
  /** A whole body, or the first piece of an event stream. */
  readonly first: Buffer;
  /** The rest of an event stream; null: the body is whole. */
  readonly rest: Readable | null;
  /** Milliseconds from the question to the first byte, waiting and failed attempts included. */
  readonly firstByteMs: number;
  /** Gives the place back. To be called exactly once, however it ended. */
  readonly end: (how: "complete" | "failed" | "left") => void;
}

/** A whole answer larger than this is no answer. */
const largestBody = 64 * 1024 * 1024;

/** Stands before all runtimes: chooses one, waits for a place, tries again, and falls back, until the first byte is there. */
export class Gateway {
  readonly runtimes: readonly Runtime[];
  readonly planner: Planner;
  readonly #metrics: LlmMetrics;
  readonly #log: Logger;
  readonly #redactor: Redactor | null;

  constructor(config: LlmConfig, metrics: LlmMetrics, log: Logger) {
    this.runtimes = config.runtimes.map((runtime) => new Runtime(runtime, log));
    this.planner = new Planner(config, this.runtimes);
    this.#metrics = metrics;
    this.#log = log;
    metrics.watch(this.runtimes);
    this.#redactor = this.runtimes.some(redacts) ? new Redactor() : null;
  }

  /** Makes a call ready for those of its plan that are outside the house. To be awaited before it is paid for: it may get longer. */
  async redact(call: Pick<Call, "raw" | "redacted">, { targets }: Pick<Plan, "targets">): Promise<void> {
    if (this.#redactor === null || !targets.some(({ runtime }) => redacts(runtime))) return;
    call.redacted ??= await this.#redactor.redact(call.raw);
  }

  /** True: some runtime is only for people who allowed it. */
  get hasCloud(): boolean {
    return this.runtimes.some(({ config }) => config.optIn);
  }

  /** Asks until somebody answers. @throws AppError or RefusalError: what the first of the plan said, when nobody did */
  async ask(question: Question): Promise<Exchange> {
    const started = performance.now();
    let first: unknown;
    for (const [index, target] of question.targets.entries()) {
      const last = index === question.targets.length - 1;
      try {
        return await this.#askOne(target, question, last, started);
      } catch (error) {
        question.signal.throwIfAborted();
        first ??= error;
        const { elsewhere } = judge(error);
        if (!elsewhere) throw error;
        if (last) break;
        const { name } = target.runtime.config;
        this.#metrics.fellBack(name);
        this.#log.warn({ err: error, runtime: name }, "falling back to the next runtime");
      }
    }
    throw first;
  }

  /** One target: its breaker, its queue, and a few attempts. */
  async #askOne(target: Target, question: Question, last: boolean, started: number): Promise<Exchange> {
    const { runtime } = target;
    const { name } = runtime.config;
    if (runtime.breaker.retryAfter > 0) throw new AppError("runtime_paused", { retryAfter: runtime.breaker.retryAfter });
    const leave = await this.#enter(runtime, question.signal);
    // Asked again: the wait for a place may have been long.
    const attempt = runtime.breaker.begin();
    if (attempt === null) {
      leave();
      throw new AppError("runtime_paused", { retryAfter: Math.max(1, runtime.breaker.retryAfter) });
    }
    try {
      for (let tries = 1; ; tries++) {
        try {
          const { response, first, rest } = await this.#send(target, question);
          attempt.answered();
          const firstByteMs = performance.now() - started;
          runtime.answeredIn(firstByteMs);
          this.#metrics.attempt(name, "answered");
          const end = this.#ending(name, attempt, leave);
          return { target, candidate: candidate(target), headers: response.headers, first, rest, firstByteMs, end };
        } catch (error) {
          question.signal.throwIfAborted();
          const { again, retryAfter } = judge(error);
          this.#metrics.attempt(name, resultOf(error));
          // A pause that the runtime asks for is worth it only when nobody else could answer meanwhile.
          const wait = again && (last || retryAfter === null) ? waitMs(tries, retryAfter) : null;
          if (wait === null) throw error;
          await pause(wait, question.signal);
        }
      }
    } catch (error) {
      if (!question.signal.aborted && judge(error).counts) attempt.failed();
      else attempt.over();
      leave();
      throw error;
    }
  }

  async #enter(runtime: Runtime, signal: AbortSignal): Promise<() => void> {
    try {
      return await runtime.gate.enter(signal);
    } catch (error) {
      if (error instanceof AppError) this.#metrics.attempt(runtime.config.name, "no_place");
      throw error;
    }
  }

  #ending(name: string, attempt: Attempt, leave: () => void): Exchange["end"] {
    return (how) => {
      if (how === "complete") attempt.completed();
      else if (how === "failed") {
        attempt.failed();
        this.#metrics.attempt(name, "broke_off");
      } else attempt.over();
      leave();
    };
  }

  async #send(target: Target, question: Question): Promise<{ response: UpstreamResponse; first: Buffer; rest: Readable | null }> {
    const { upstream, adapter } = target.runtime;
    const { path, signal } = question;
    question.onAsk?.(candidate(target));
    const response = await upstream.request({ method: "POST", path, body: question.body(target), signal });
    try {
      if (response.statusCode >= 400) throw await readRefusal(response, adapter);
      if (!isEventStream(response)) return { response, first: wholeBody(await readWhole(response)), rest: null };
      const first = await firstPiece(response.body);
      const [event] = new SseScanner().push(first);
      if (event !== undefined && isErrorData(event.data)) {
        response.body.destroy();
        throw new RefusalError(502, event.data);
      }
      return { response, first, rest: response.body };
    } catch (error) {
      if (!(error instanceof RefusalError)) throw upstreamError(error);
      error.redacted = target.runtime.config.redaction !== "off";
      throw error;
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#redactor?.close(), ...this.runtimes.map(({ upstream }) => upstream.close())]);
  }
}

/** True: it is outside the house, and personal data does not go there. */
function redacts({ config }: Runtime): boolean {
  return config.redaction !== "off";
}

function resultOf(error: unknown): AttemptResult {
  if (error instanceof RefusalError) return error.status >= 500 ? "error" : "refused";
  return error instanceof AppError && error.code === "runtime_timeout" ? "timeout" : "unreachable";
}

function isEventStream({ headers }: UpstreamResponse): boolean {
  return String(headers["content-type"] ?? "").startsWith("text/event-stream");
}

/** An error that calls itself 200 is one all the same. */
function wholeBody(body: Buffer): Buffer {
  if (isErrorData(body.toString("utf8", 0, 64))) throw new RefusalError(502, body.toString("utf8"));
  return body;
}

/** Events and not an asynchronous loop: this runs for every answer. */
function readWhole({ body }: UpstreamResponse): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let size = 0;
    body.on("data", (part: Buffer) => {
      parts.push(part);
      size += part.length;
      if (size > largestBody)
        body.destroy(new AppError("runtime_broken", { cause: new Error(`more than ${largestBody} bytes`) }));
    });
    body.on("end", () => resolve(parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts)));
    body.on("error", reject);
    body.on("close", () => {
      // After every answer; an error is dear to make.
      if (!body.readableEnded) reject(new AppError("runtime_broken"));
    });
  });
}

/** The first bytes of a stream, which then stands still. @throws when it ends without any */
function firstPiece(body: Readable): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      body.off("readable", look).off("end", ended).off("error", failed);
      act();
    };
    const look = (): void => {
      const piece = body.read() as Buffer | null;
      if (piece !== null) settle(() => resolve(piece));
    };
    const ended = (): void => settle(() => reject(new AppError("runtime_broken")));
    const failed = (error: Error): void => settle(() => reject(error));
    body.on("readable", look).on("end", ended).on("error", failed);
    // Heard also between this piece and the next reader: an error that nobody hears would end the process.
    body.on("error", () => {});
  });
}
