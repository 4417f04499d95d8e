import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { wrongInput } from "./errors.ts";

/** The text of a recorded preview; "-" is standard input. Throws CliError exit 2 for a file that cannot be read. */
export async function readPlanFile(file: string): Promise<string> {
  if (file === "-") return text(process.stdin);
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const got = (error as NodeJS.ErrnoException).code ?? String(error);
    const fix = `pulumi preview --json --show-sames > ${file}`;
    throw wrongInput("there is no plan to read", [{ path: file, got, rule: "a file that can be read", fix }]);
  }
}
