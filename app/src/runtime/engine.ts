import { fork, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import type { Logger } from "../log.ts";
import type { EngineFailure, EngineStart, FromEngine, GenerateOptions, GenerateResult, ToEngine } from "./protocol.ts";

/** Thrown when the engine could not answer. */
export class EngineError extends Error {
  readonly failure: EngineFailure | "busy" | "no_model";

  constructor(failure: EngineError["failure"], message: string) {
    super(message);
    this.name = "EngineError";
    this.failure = failure;
  }
}

export interface EngineOptions extends EngineStart {
  /** Seconds without a request after which the model leaves the memory. */
  readonly idleUnloadSeconds: number;
  /** Requests that may wait while one is answered. */
  readonly queueLimit: number;
  readonly log: Logger;
  /** Starts the engine process. Replaced in tests. */
  readonly start?: (start: EngineStart) => ChildProcess;
}

interface Request {
  readonly options: GenerateOptions;
  readonly signal: AbortSignal;
  readonly onText: (text: string) => void;
  readonly resolve: (result: GenerateResult | null) => void;
  readonly reject: (error: EngineError) => void;
}

/** Longest load: a large model from a slow disk; beyond, something hangs. */
const loadTimeoutMs = 300_000;

/** The model behind a bounded queue: one answer at a time (two in parallel are slower together), loaded when needed. */
export class Engine {
  readonly #options: EngineOptions;
  readonly #queue: Request[] = [];
  #child: ChildProcess | null = null;
  #ready: Promise<ChildProcess> | null = null;
  #current: Request | null = null;
  #nextId = 1;
  #idleTimer: NodeJS.Timeout | undefined;
  #loaded = false;
  #tokensPerSecond: number | null = null;
  #closed = false;

  constructor(options: EngineOptions) {
    this.#options = options;
  }

  /** True while the model is in memory. */
  get loaded(): boolean {
    return this.#loaded;
  }

  /** Decode speed of the last answer long enough to tell. */
  get tokensPerSecond(): number | null {
    return this.#tokensPerSecond;
  }

  /** Answers running and waiting. */
  get queued(): number {
    return this.#queue.length + (this.#current === null ? 0 : 1);
  }

  /** Process id of the engine, or null when nothing is loaded. */
  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /** True when the model file is there. */
  get usable(): boolean {
    return existsSync(this.#options.modelFile);
  }

  /** Loads the model without asking it anything. @throws EngineError */
  async warmUp(): Promise<void> {
    await this.#load();
    this.#restIfIdle();
  }

  /**
   * Waits for its turn, then answers. Resolves to null when the signal stopped it: the engine is free again then.
   * @throws EngineError busy (queue full), no_model, context_length_exceeded, model_failed, generation_failed
   */
  generate(options: GenerateOptions, signal: AbortSignal, onText: (text: string) => void): Promise<GenerateResult | null> {
    if (signal.aborted) return Promise.resolve(null);
    if (!this.usable) return Promise.reject(new EngineError("no_model", `There is no model file at ${this.#options.modelFile}.`));
    if (this.#current !== null && this.#queue.length >= this.#options.queueLimit) {
      return Promise.reject(new EngineError("busy", `The queue is full (${this.#options.queueLimit} waiting).`));
    }
    return new Promise((resolve, reject) => {
      const request: Request = { options, signal, onText, resolve, reject };
      signal.addEventListener("abort", () => this.#dropQueued(request), { once: true });
      this.#queue.push(request);
      void this.#next();
    });
  }

  /** Takes the model out of memory now. */
  unload(): void {
    clearTimeout(this.#idleTimer);
    const child = this.#child;
    // Forgotten before it is gone: a request that comes now gets a new process, not the dying one.
    this.#forget(child);
    child?.kill("SIGKILL");
  }

  #forget(child: ChildProcess | null): void {
    if (this.#child !== child) return;
    this.#child = null;
    this.#ready = null;
    this.#loaded = false;
  }

  /** Refuses what waits and ends the engine. */
  close(): void {
    this.#closed = true;
    for (const request of this.#queue.splice(0)) request.reject(new EngineError("generation_failed", "The runtime is stopping."));
    this.unload();
  }

  #dropQueued(request: Request): void {
    const at = this.#queue.indexOf(request);
    if (at === -1) return;
    this.#queue.splice(at, 1);
    request.resolve(null);
  }

  async #next(): Promise<void> {
    if (this.#current !== null) return;
    const request = this.#queue.shift();
    if (request === undefined) return this.#restIfIdle();
    clearTimeout(this.#idleTimer);
    this.#current = request;
    try {
      const child = await this.#load();
      request.resolve(request.signal.aborted ? null : await this.#run(child, request));
    } catch (error) {
      request.reject(error instanceof EngineError ? error : new EngineError("generation_failed", String(error)));
    } finally {
      this.#current = null;
      void this.#next();
    }
  }

  #run(child: ChildProcess, { options, signal, onText }: Request): Promise<GenerateResult | null> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const abort = (): void => void child.send({ type: "abort", id } satisfies ToEngine);
      const onMessage = (message: FromEngine): void => {
        if (message.type === "ready" || message.id !== id) return;
        if (message.type === "text") return onText(message.text);
        settle();
        if (message.type === "failed") return reject(new EngineError(message.failure, message.message));
        this.#tokensPerSecond = message.result.tokensPerSecond ?? this.#tokensPerSecond;
        resolve(signal.aborted ? null : message.result);
      };
      const onExit = (): void => {
        settle();
        reject(new EngineError("generation_failed", "The model's process ended in the middle of the answer."));
      };
      const settle = (): void => {
        child.off("message", onMessage).off("exit", onExit);
        signal.removeEventListener("abort", abort);
      };
      child.on("message", onMessage).once("exit", onExit);
      signal.addEventListener("abort", abort, { once: true });
      child.send({ type: "generate", id, options } satisfies ToEngine);
    });
  }

  #load(): Promise<ChildProcess> {
    this.#ready ??= this.#start();
    return this.#ready;
  }

  #start(): Promise<ChildProcess> {
    const { log, modelFile, threads, contextTokens, start = forkEngine } = this.#options;
    const started = performance.now();
    const child = start({ modelFile, threads, contextTokens });
    this.#child = child;
    return new Promise((resolve, reject) => {
      let failure = "The model's process ended while loading.";
      let ready = false;
      const tooLong = setTimeout(() => {
        failure = `The model did not load within ${loadTimeoutMs / 1000} s.`;
        child.kill("SIGKILL");
      }, loadTimeoutMs);
      child.on("message", (message: FromEngine) => {
        if (message.type === "failed" && message.id === null) failure = message.message;
        if (message.type !== "ready") return;
        clearTimeout(tooLong);
        ready = true;
        this.#loaded = this.#child === child;
        log.info({ milliseconds: Math.round(performance.now() - started), contextTokens: message.contextTokens }, "model loaded");
        resolve(child);
      });
      child.once("error", (error) => (failure = error.message));
      child.once("exit", (code, signal) => {
        clearTimeout(tooLong);
        this.#forget(child);
        if (ready) log.info({ code, signal }, "model unloaded");
        else log.error({ code, signal, failure }, "model failed to load");
        reject(new EngineError("model_failed", failure));
      });
    });
  }

  #restIfIdle(): void {
    clearTimeout(this.#idleTimer);
    if (!this.#loaded || this.#closed || this.queued > 0) return;
    this.#idleTimer = setTimeout(() => this.unload(), this.#options.idleUnloadSeconds * 1000);
    this.#idleTimer.unref();
  }
}

/** The same program in the engine's role. Its output goes to stderr: stdout carries only our log lines. */
function forkEngine(start: EngineStart): ChildProcess {
  const program = process.argv[1] ?? "";
  return fork(program, ["llm-engine", JSON.stringify(start)], { stdio: ["ignore", 2, 2, "ipc"], serialization: "json" });
}
