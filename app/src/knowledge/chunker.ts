import type { Chunk } from "./chunk-rows.ts";

/** A part of a document that a person can turn to: a page, or the whole text where there are none. */
export interface Page {
  /** 1 is the first; null: the document has no pages. */
  readonly number: number | null;
  readonly text: string;
}

/** Longest chunk in UTF-16 units: about 400 tokens, which every embedding model takes. */
export const chunkLength = 1_200;

/** Cuts pages into chunks at ends of lines, in order; a longer line is cut where it must. */
export function chunksOf(pages: readonly Page[]): Chunk[] {
  return pages.flatMap(({ number, text }) => {
    const chunks: Chunk[] = [];
    let lines: string[] = [];
    let length = 0;
    let first = 1;
    const flush = (last: number): void => {
      const content = lines.join("\n").trim();
      const span = first === last ? `line ${first}` : `lines ${first}–${last}`;
      if (content !== "") chunks.push({ place: number === null ? span : `page ${number}`, content });
      lines = [];
      length = 0;
    };
    text.split(/\r\n|\r|\n/).forEach((line, index) => {
      for (const piece of piecesOf(line)) {
        if (length > 0 && length + piece.length + 1 > chunkLength) flush(piece === line || length === 0 ? index : index + 1);
        if (length === 0) first = index + 1;
        lines.push(piece);
        length += piece.length + 1;
      }
    });
    flush(first + lines.length - 1);
    return chunks;
  });
}

/** Never between the halves of one character. */
function piecesOf(line: string): string[] {
  if (line.length < chunkLength) return [line];
  return line.match(new RegExp(`[\\s\\S]{1,${chunkLength / 2}}`, "gu")) ?? [];
}
