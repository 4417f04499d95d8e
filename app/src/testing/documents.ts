import JSZip from "jszip";

/** A PDF of one line a page, by hand. */
export function pdf(...lines: readonly string[]): string {
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

/** A Word document with this body; `bytes`: made exactly as long by a part that nobody reads. */
export async function docx(xml: string, bytes: number | null = null): Promise<Uint8Array<ArrayBuffer>> {
  const zip = new JSZip();
  const types = "http://schemas.openxmlformats.org/package/2006/content-types";
  const office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument";
  const main = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml";
  zip.file(
    "[Content_Types].xml",
    `<Types xmlns="${types}"><Override PartName="/word/document.xml" ContentType="${main}"/></Types>`,
  );
  const relations = "http://schemas.openxmlformats.org/package/2006/relationships";
  zip.file(
    "_rels/.rels",
    `<Relationships xmlns="${relations}"><Relationship Id="r" Type="${office}" Target="word/document.xml"/></Relationships>`,
  );
  const word = "http://schemas.openxmlformats.org/wordprocessingml/2006/main";
  zip.file("word/document.xml", `<w:document xmlns:w="${word}"><w:body>${xml}</w:body></w:document>`);
  const made = (padding: number): Promise<Uint8Array<ArrayBuffer>> => {
    zip.file("padding", new Uint8Array(padding), { compression: "STORE" });
    return zip.generateAsync({ type: "uint8array", compression: "DEFLATE" }) as Promise<Uint8Array<ArrayBuffer>>;
  };
  return bytes === null ? made(0) : made(bytes - (await made(0)).length);
}
