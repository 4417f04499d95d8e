import { rmSync, writeFileSync } from "node:fs";
import type { Server } from "node:http";
import { setImmediate as turn, setTimeout as delay } from "node:timers/promises";

/** How long what the proxy sent before it saw the file may take to get here. */
const underwayMs = 2_000;
/** The port closes by then, whoever comes. */
const longestMs = 10_000;

/** A replica tells the proxy by a file that it leaves: closing a port that is still asked would cut who has just come. */
export class Handover {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  /** Back at work: to be called once the port is open. */
  return(): void {
    rmSync(this.#file, { force: true });
  }

  /** Sends new work elsewhere, then closes the port. Resolves when the last connection is gone; each goes after its answer. */
  async leave(server: Server): Promise<void> {
    writeFileSync(this.#file, "");
    await nobodyComes(server);
    const gone = new Promise<void>((resolve) => server.close(() => resolve()));
    const idle = setInterval(() => server.closeIdleConnections(), 100);
    await gone;
    clearInterval(idle);
  }
}

/**
 * Resolves when nobody has come for a while. A busy process takes one connection at a turn of its loop: those that wait in the
 * kernel's queue would be reset with the port, so each one that is taken begins the wait anew.
 */
async function nobodyComes(server: Server): Promise<void> {
  const started = performance.now();
  let last = started;
  const came = (): void => void (last = performance.now());
  server.on("connection", came);
  while (performance.now() - last < underwayMs && performance.now() - started < longestMs) {
    await delay(100);
    // Timers run before connections are taken, setImmediate after.
    await turn();
  }
  server.off("connection", came);
}
