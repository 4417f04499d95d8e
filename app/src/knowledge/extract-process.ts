import { writeFile } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import type { Page } from "./chunker.ts";
import type { DocumentKind } from "./documents.ts";

/** What the process that reads a file is told. */
export interface ExtractOrder {
  readonly kind: DocumentKind;
}

/** Reads one file from its standard input in a process of its own and sends its pages to the parent: what a hostile file does, it does here. */
export async function run(args: readonly string[]): Promise<number> {
  // Where memory ends all the same, Linux ends this process and not the API. Elsewhere there is no such file.
  await writeFile("/proc/self/oom_score_adj", "1000").catch(() => {});
  const { kind } = JSON.parse(args[0] ?? "{}") as ExtractOrder;
  const pages = await readers[kind](await buffer(process.stdin));
  await new Promise<void>((resolve, reject) => {
    process.send?.(pages, undefined, {}, (error) => (error === null ? resolve() : reject(error)));
  });
  process.disconnect();
  return 0;
}

/** Each is loaded by the process that needs it, and by no role. */
const readers: Readonly<Record<DocumentKind, (file: Buffer) => Promise<Page[]>>> = {
  text: (file) => {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(file);
    return Promise.resolve([{ number: null, text }]);
  },
  pdf: async (file) => {
    const { extractText, getDocumentProxy } = await import("unpdf");
    const pdf = await getDocumentProxy(new Uint8Array(file));
    const { text } = await extractText(pdf, { mergePages: false });
    return text.map((page, index) => ({ number: index + 1, text: page }));
  },
  docx: async (file) => {
    const { default: mammoth } = await import("mammoth");
    const { value } = await mammoth.extractRawText({ buffer: file });
    return [{ number: null, text: value }];
  },
};
