import { pino, type Logger } from "pino";

export type { Logger };

/**
 * The process's logger: one JSON line per entry on stdout, never request bodies, prompts or credentials.
 * Lines are written together, a tenth of a second late at most: a write per line was a tenth of a busy gateway's time. pino flushes
 * what is left when the process ends.
 */
export function createLogger(level: string, role: string, version: string): Logger {
  return pino(
    {
      level,
      base: { role, version },
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: ["req.headers", "headers.authorization", "headers.cookie", "password", "apiKey"],
    },
    pino.destination({ dest: 1, sync: false, minLength: 16_000, periodicFlush: 100 }),
  );
}
