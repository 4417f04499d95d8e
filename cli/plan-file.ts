import { readFile } from "node:fs/promises";
import { addAbortSignal } from "node:stream";
import { text } from "node:stream/consumers";
import { wrongInput } from "./errors.ts";

/** The text of a recorded preview; "-" is standard input. Throws CliError exit 2 for a file that cannot be read. */
export async function readPlanFile(file: string, signal: AbortSignal): Promise<string> {
  // Whoever writes it may never end.
  if (file === "-") return text(addAbortSignal(signal, process.stdin));
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const got = (error as NodeJS.ErrnoException).code ?? String(error);
    const fix = `pulumi preview --json --show-sames > ${file}`;
    throw wrongInput("there is no plan to read", [{ path: file, got, rule: "a file that can be read", fix }]);
  }
}
