import { open } from "node:fs/promises";
import { addAbortSignal, type Readable } from "node:stream";
import type { Problem } from "../infra/core/errors.ts";
import { wrongInput } from "./errors.ts";

/** Largest preview that is read, bytes: a hundred times that of 1,000 resources, and less than Node can hold in one text. */
const mostBytes = 256_000_000;

const fixOf = (file: string): string => `pulumi preview --json --show-sames > ${file === "-" ? "plan.json" : file}`;

/**
 * The text of a recorded preview; "-" is standard input. Throws CliError exit 2 for a file that cannot be read and for one that
 * is larger than `most` bytes.
 */
export async function readPlanFile(file: string, signal: AbortSignal, most = mostBytes): Promise<string> {
  // Whoever writes it may never end.
  if (file === "-") return textOf(file, addAbortSignal(signal, process.stdin), most);
  try {
    await using opened = await open(file);
    const { size } = await opened.stat();
    if (size > most) throw tooLarge(file, size, most);
    return await textOf(file, addAbortSignal(signal, opened.createReadStream({ autoClose: false })), most);
  } catch (error) {
    const got = (error as NodeJS.ErrnoException).code;
    if (got === undefined || signal.aborted || !("syscall" in (error as object))) throw error;
    throw unreadable({ path: file, got, rule: "a file that can be read", fix: fixOf(file) });
  }
}

async function textOf(file: string, stream: Readable, most: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    chunks.push(chunk as Buffer);
    size += (chunk as Buffer).length;
    if (size > most) throw tooLarge(file, size, most);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function tooLarge(file: string, size: number, most: number): Error {
  const rule = `${most / 1e6} MB at most`;
  return unreadable({ path: file, got: `${Math.ceil(size / 1e6)} MB or more`, rule, fix: `One preview alone: ${fixOf(file)}` });
}

function unreadable(problem: Problem): Error {
  return wrongInput("there is no plan to read", [problem]);
}
