import { existsSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { Placeholders } from "./placeholders.ts";
import type { RedactedRequest } from "./request.ts";

/** A request as it may leave the house. */
export interface Redacted {
  readonly body: Buffer;
  /** To restore the answer with. */
  readonly placeholders: Placeholders;
}

/** To the thread. */
export interface Asked {
  readonly id: number;
  readonly raw: Uint8Array;
}

/** From the thread. */
export type Told = { readonly id: number } & (RedactedRequest | { readonly error: unknown });

/** A text that makes the detectors take more ends its thread, not the process. */
const largestHeapMb = 256;

/**
 * Puts placeholders for personal data into requests, in a thread of its own: detectors need about 0.2 s for each megabyte, and nobody
 * else's answer may wait for that. The thread starts with the object, since detectors take a moment to load.
 */
export class Redactor {
  #worker: Worker | null = null;
  #next = 0;
  readonly #waiting = new Map<number, PromiseWithResolvers<Redacted>>();

  constructor() {
    this.#start();
  }

  /** @throws when the thread dies over it: then nothing may leave */
  redact(raw: Buffer): Promise<Redacted> {
    const id = this.#next++;
    const waiting = Promise.withResolvers<Redacted>();
    this.#waiting.set(id, waiting);
    (this.#worker ?? this.#start()).postMessage({ id, raw } satisfies Asked);
    return waiting.promise;
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
  }

  #start(): Worker {
    const worker = new Worker(threadFile(), { resourceLimits: { maxOldGenerationSizeMb: largestHeapMb } });
    worker.unref();
    worker.on("message", (told: Told) => this.#told(told));
    worker.on("error", (error) => this.#failed(worker, error));
    worker.on("exit", () => this.#failed(worker, new Error("the thread of the redactor ended")));
    return (this.#worker = worker);
  }

  #told(told: Told): void {
    const waiting = this.#waiting.get(told.id);
    this.#waiting.delete(told.id);
    if ("error" in told) waiting?.reject(told.error);
    else waiting?.resolve({ body: Buffer.from(told.body), placeholders: new Placeholders(told.words) });
  }

  /** The next request gets a new thread. */
  #failed(worker: Worker, error: unknown): void {
    if (worker !== this.#worker) return;
    this.#worker = null;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

/** Beside the bundle in the image, a module of its own in a checkout. */
function threadFile(): string {
  const bundled = join(import.meta.dirname, "redaction-worker.js");
  return existsSync(bundled) ? bundled : join(import.meta.dirname, "worker.ts");
}
