import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { AppError } from "../errors.ts";
import { docx } from "../testing/docx.ts";
import { chunkLength, chunksOf } from "./chunker.ts";
import type { DocumentKind } from "./documents.ts";
import { extractPages } from "./extract.ts";

const program = fileURLToPath(new URL("../main.ts", import.meta.url));

function read(kind: DocumentKind, content: string | Uint8Array) {
  // As a disk gives it: in pieces.
  const pieces = Readable.from(Buffer.from(content), { objectMode: false, highWaterMark: 65_536 });
  return extractPages(() => pieces, { kind }, program);
}

/** A PDF of one line a page, by hand. */
function pdf(...lines: readonly string[]): string {
  const pages = lines.map((_line, index) => `${4 + index * 2} 0 R`).join(" ");
  const objects = [
    "<</Type/Catalog/Pages 2 0 R>>",
    `<</Type/Pages/Kids[${pages}]/Count ${lines.length}>>`,
    "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ...lines.flatMap((line, index) => {
      const text = `BT /F1 12 Tf 20 100 Td (${line}) Tj ET`;
      const page = `<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Resources<</Font<</F1 3 0 R>>>>/Contents ${5 + index * 2} 0 R>>`;
      return [page, `<</Length ${text.length}>>stream\n${text}\nendstream`];
    }),
  ];
  return `%PDF-1.4\n${objects.map((body, index) => `${index + 1} 0 obj\n${body}\nendobj\n`).join("")}trailer\n<</Root 1 0 R>>\n%%EOF`;
}

describe("a document", () => {
  test("of text is read as it is, without characters that no store keeps", async () => {
    expect(await read("text", "Grüße\0\nzwei")).toEqual([{ number: null, text: "Grüße\nzwei" }]);
  });

  test("of PDF is read page by page", async () => {
    expect(await read("pdf", pdf("Hello page one", "And two"))).toEqual([
      { number: 1, text: "Hello page one" },
      { number: 2, text: "And two" },
    ]);
  });

  test("of DOCX is read as its paragraphs", async () => {
    const [page] = await read(
      "docx",
      await docx("<w:p><w:r><w:t>First</w:t></w:r></w:p><w:p><w:r><w:t>Second</w:t></w:r></w:p>"),
    );
    expect(page?.text.split(/\n+/).filter(Boolean)).toEqual(["First", "Second"]);
  });

  test.each<[string, DocumentKind, () => string | Uint8Array | Promise<Uint8Array>]>([
    ["text that is none", "text", () => Buffer.from([0xff, 0xfe, 0x00, 0xd8])],
    ["a broken PDF", "pdf", () => "%PDF-1.4\nnonsense"],
    ["a broken DOCX", "docx", () => "PK\u0003\u0004nonsense"],
    ["a DOCX that unpacks to 60 MB", "docx", () => docx(`<w:p><w:r><w:t>${"x".repeat(60_000_000)}</w:t></w:r></w:p>`)],
    ["nothing but blanks", "text", () => " \n\t\n"],
    ["more than 6,000,000 characters", "text", () => "x".repeat(6_000_001)],
  ])(
    "that is %s is refused, and this process goes on",
    async (_name, kind, content) => {
      await expect(read(kind, await content())).rejects.toMatchObject({ code: "unreadable_document" });
    },
    120_000,
  );
});

test("one document is read at a time, ten wait, and one more is told to come again", async () => {
  const all = await Promise.allSettled(Array.from({ length: 13 }, (_, index) => read("text", `document ${index}`)));
  const texts = all.map((each) => (each.status === "fulfilled" ? each.value[0]?.text : (each.reason as AppError).code));
  expect(texts).toEqual([...Array.from({ length: 11 }, (_, index) => `document ${index}`), "unavailable", "unavailable"]);
}, 60_000);

describe("chunks", () => {
  test("are cut at ends of lines and say where they stand", () => {
    const line = "w".repeat(500);
    const chunks = chunksOf([{ number: null, text: [line, line, line, "", "end"].join("\n") }]);
    expect(chunks).toEqual([
      { place: "lines 1–2", content: `${line}\n${line}` },
      { place: "lines 3–5", content: `${line}\n\nend` },
    ]);
  });

  test("never cross pages, and pages without text have none", () => {
    const pages = ["one", " ", "three"].map((text, index) => ({ number: index + 1, text }));
    expect(chunksOf(pages)).toEqual([
      { place: "page 1", content: "one" },
      { place: "page 3", content: "three" },
    ]);
  });

  test("of one endless line are no longer than allowed, lose nothing, and part no character", () => {
    const text = "🙂".repeat(5_000);
    const chunks = chunksOf([{ number: null, text }]);
    expect(chunks.every(({ content }) => content.length <= 2 * chunkLength && content.isWellFormed())).toBe(true);
    expect(chunks.map(({ content }) => content.replaceAll("\n", "")).join("")).toBe(text);
    expect(new Set(chunks.map(({ place }) => place))).toEqual(new Set(["line 1"]));
  });
});
