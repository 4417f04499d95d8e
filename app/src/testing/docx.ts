import JSZip from "jszip";

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
