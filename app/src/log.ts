import { pino, type DestinationStream, type Logger } from "pino";

export type { Logger };

/**
 * The process's logger: one JSON line per entry on stdout, never request bodies, prompts or credentials.
 */
export function createLogger(level: string, role: string, version: string): Logger {
  return pino(
    {
      level,
      base: { role, version },
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: ["req.headers", "headers.authorization", "headers.cookie", "password", "apiKey"],
    },
    (shared ??= stdout()),
  );
}

/** Of all loggers of the process: they gather what they write. */
let shared: DestinationStream | null = null;

/**
 * Lines are written together, a tenth of a second late at most: a write per line was a tenth of a busy gateway's time. Synchronously, as
 * pino does by itself: a write that is under way when the process ends is lost.
 */
function stdout(): DestinationStream {
  let lines = "";
  const out = pino.destination({ dest: 1, sync: true });
  const write = (): void => {
    if (lines === "") return;
    out.write(lines);
    lines = "";
  };
  process.once("exit", write);
  setInterval(write, 100).unref();
  return {
    write: (line) => {
      lines += line;
      if (lines.length >= 16_000) write();
    },
  };
}
