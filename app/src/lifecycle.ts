import type { Server } from "node:http";
import type { Server as NetServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "./log.ts";

/** Why work was stopped from outside; carried as the abort reason. */
export type StopReason = "client-gone" | "cancelled" | "shutting-down";

/** One piece of work that a shutdown waits for. */
export interface Work {
  readonly signal: AbortSignal;
  /** Stops the work; the first reason stands. */
  readonly stop: (reason: StopReason) => void;
  /** To be called when the work is over, whatever way. */
  readonly done: () => void;
}

/** Counts open answers and says whether the process is draining. */
export class Lifecycle {
  #draining = false;
  #handsOver = false;
  readonly #open = new Set<AbortController>();
  #idle: (() => void) | null = null;

  /** True from SIGTERM on: readiness says 503 and no new work is accepted. */
  get draining(): boolean {
    return this.#draining;
  }

  /** True: the proxy sends new work elsewhere; who comes all the same was sent before, and is still served. */
  get handsOver(): boolean {
    return this.#handsOver;
  }

  /** Number of answers being written. */
  get openWork(): number {
    return this.#open.size;
  }

  /** Registers work; it is stopped with "shutting-down" when the grace ends before it does. */
  begin(): Work {
    const controller = new AbortController();
    this.#open.add(controller);
    return {
      signal: controller.signal,
      stop: (reason) => controller.abort(reason),
      done: () => {
        this.#open.delete(controller);
        if (this.#open.size === 0) this.#idle?.();
      },
    };
  }

  /**
   * Refuses new work, waits for the open one, and after `graceMs` stops what is left (then waits 2 s for its last words).
   * `connectionsGone`: others take what is new, and with the last connection the last work is here.
   */
  async drain(graceMs: number, connectionsGone?: Promise<void>): Promise<void> {
    this.#draining = true;
    this.#handsOver = connectionsGone !== undefined;
    const end = performance.now() + graceMs;
    await Promise.race([connectionsGone, delay(graceMs, undefined, { ref: false })]);
    if (await this.#idleWithin(Math.max(0, end - performance.now()))) return;
    for (const controller of this.#open) controller.abort("shutting-down" satisfies StopReason);
    await this.#idleWithin(2_000);
  }

  #idleWithin(ms: number): Promise<boolean> {
    if (this.#open.size === 0) return Promise.resolve(true);
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), ms);
      this.#idle = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }
}

/** Listens, on every address or the given one, and resolves to the real port. @throws the listen error, in house form when the port is taken. */
export function listen(server: NetServer, port: number, address: string | null = null): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const taken = error.code === "EADDRINUSE";
      reject(taken ? new Error(`PORT: got ${port}; needs a free port. Stop its owner or set another PORT.`) : error);
    });
    server.listen(port, address ?? undefined, () => {
      const bound = server.address();
      resolve(typeof bound === "object" && bound !== null ? bound.port : port);
    });
  });
}

/** Stops accepting, drops idle connections, and resolves when the last one is closed (busy ones are cut after 1 s). */
export function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
    setTimeout(() => server.closeAllConnections(), 1_000).unref();
  });
}

/** Resolves at the first SIGTERM or SIGINT. A second one ends the process at once. */
export function stopSignal(log: Logger): Promise<void> {
  return new Promise((resolve) => {
    let seen = false;
    for (const name of ["SIGTERM", "SIGINT"] as const) {
      process.on(name, () => {
        if (seen) process.exit(1);
        seen = true;
        log.info({ signal: name }, "stopping");
        resolve();
      });
    }
  });
}
