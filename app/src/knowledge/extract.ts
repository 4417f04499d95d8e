import { fork } from "node:child_process";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import pLimit from "p-limit";
import { AppError } from "../errors.ts";
import { SealError } from "../privacy/seal-form.ts";
import type { Page } from "./chunker.ts";
import type { ExtractOrder } from "./extract-process.ts";

/** Longest text of a document in UTF-16 units: about 2,000 pages. */
const longestText = 6_000_000;
const withinMs = 30_000;
const heapMegabytes = 192;
/** Readers share the memory of the API's container: there is room for one. */
const reader = pLimit(1);
const mostWaiting = 10;

/**
 * The text of a file, read by a process of its own with bounded memory and time; one file after the other.
 * @param open opens the file when its turn has come; its bytes reach that process alone
 * @param program what runs the role `extract`; default: this program
 * @throws AppError unreadable_document: hostile, broken, empty or too long; unavailable: ten others wait already
 */
export async function extractPages(
  open: () => AsyncIterable<Buffer>,
  order: ExtractOrder,
  program = process.argv[1] ?? "",
): Promise<Page[]> {
  if (reader.activeCount + reader.pendingCount > mostWaiting) {
    throw new AppError("unavailable", { message: "Many documents are being read. Try again shortly.", retryAfter: 10 });
  }
  const pages = await reader(() => readInProcess(open(), order, program));
  const length = pages.reduce((sum, { text }) => sum + text.length, 0);
  if (length > longestText) {
    throw new AppError("unreadable_document", { message: "The document holds more than 6,000,000 characters." });
  }
  // PostgreSQL keeps every character but NUL; half a character is none.
  const clean = pages.map(({ number, text }) => ({ number, text: text.replaceAll("\0", "").toWellFormed() }));
  if (clean.every(({ text }) => text.trim() === "")) {
    throw new AppError("unreadable_document", {
      message: "The document holds no text. Scanned pages need text recognition first.",
    });
  }
  return clean;
}

function readInProcess(file: AsyncIterable<Buffer>, order: ExtractOrder, program: string): Promise<Page[]> {
  return new Promise<Page[]>((resolve, reject) => {
    const child = fork(program, ["extract", JSON.stringify(order)], {
      execArgv: [`--max-old-space-size=${heapMegabytes}`],
      // It needs no secret, so it gets none.
      env: {},
      stdio: ["pipe", "ignore", "ignore", "ipc"],
      timeout: withinMs,
      killSignal: "SIGKILL",
    });
    let sent: Page[] | null = null;
    let broken: Error | null = null;
    if (child.stdin !== null) {
      pipeline(Readable.from(file), child.stdin).catch((error: Error) => {
        // A reader that ended early says so itself; a file that does not open must not be read at all.
        if (error instanceof SealError) broken = error;
        child.kill("SIGKILL");
      });
    }
    child.once("message", (message) => (sent = message as Page[]));
    child.once("error", reject);
    child.once("close", (code, signal) => {
      if (broken !== null) return reject(broken);
      if (sent !== null) return resolve(sent);
      reject(new AppError("unreadable_document", { cause: new Error(`the reader ended with ${code ?? signal}`) }));
    });
  });
}
