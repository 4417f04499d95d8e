import { rmSync, writeFileSync } from "node:fs";
import type { Server } from "node:http";
import { setTimeout as delay } from "node:timers/promises";

/** How long what the proxy sent before it saw the file may take to get here. */
const underwayMs = 2_000;

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
    await delay(underwayMs);
    const gone = new Promise<void>((resolve) => server.close(() => resolve()));
    const idle = setInterval(() => server.closeIdleConnections(), 100);
    await gone;
    clearInterval(idle);
  }
}
