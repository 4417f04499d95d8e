import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { basename, dirname, extname } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Request } from "express";
import busboy from "busboy";
import { AppError } from "../errors.ts";
import type { Sealer } from "../privacy/seal.ts";
import type { DocumentKind } from "./documents.ts";

/** Largest file, bytes. */
export const largestFile = 50 * 1024 * 1024;

export interface Upload {
  readonly name: string;
  readonly kind: DocumentKind;
  readonly bytes: number;
}

const kinds: Readonly<Record<string, DocumentKind>> = {
  ".txt": "text",
  ".md": "text",
  ".markdown": "text",
  ".pdf": "pdf",
  ".docx": "docx",
};
/** What such a file begins with, whatever its name says. */
const beginnings = { pdf: "%PDF-", docx: "PK\u0003\u0004", text: "" } as const satisfies Record<DocumentKind, string>;

const longestBeginning = 5;
/** Characters that are kept of a name, its ending among them. */
const longestName = 200;

/** Where a file goes, and how it is sealed on its way. */
interface Target {
  readonly file: string;
  readonly documentId: string;
  readonly sealer: Sealer;
}

/** Streams the field `file` of a multipart form to its target, sealed. What it leaves there after an error is for the caller to remove. @throws AppError */
export async function receiveFile(req: Request, target: Target): Promise<Upload> {
  if (!/^multipart\/form-data\b/i.test(req.headers["content-type"] ?? "")) {
    throw new AppError("invalid_request", { message: "Send the file as multipart/form-data, in the field file." });
  }
  const form = formOf(req);
  await mkdir(dirname(target.file), { recursive: true, mode: 0o700 });
  let received: Promise<Upload> | null = null;
  form.on("file", (field, stream, { filename }) => {
    // Heard when it is awaited below; before that nobody is there yet.
    received = receive(field, stream, filename, target);
    received.catch(() => stream.resume());
  });
  await pipeline(req, form).catch((error: unknown) => {
    throw new AppError("invalid_request", { message: "The form is not whole.", cause: error });
  });
  const upload = await (received as Promise<Upload> | null);
  if (upload === null) throw new AppError("invalid_request", { message: "The form holds no field file.", param: "file" });
  return upload;
}

function formOf({ headers }: Request): busboy.Busboy {
  // One more: busboy calls a file cut off that is exactly as long as its limit.
  const limits = { files: 1, fileSize: largestFile + 1, fields: 0, parts: 2 };
  try {
    return busboy({ headers, defParamCharset: "utf8", limits });
  } catch (error) {
    throw new AppError("invalid_request", { message: "The Content-Type of the form names no boundary.", cause: error });
  }
}

async function receive(field: string, stream: Readable, filename: string | undefined, target: Target): Promise<Upload> {
  if (field !== "file") {
    throw new AppError("invalid_request", {
      message: "The file is in another field; it belongs in the field file.",
      param: "file",
    });
  }
  const given = (filename ?? "")
    .normalize()
    .replace(/[\p{Cc}\p{Cf}/\\]/gu, "")
    .trim();
  const ending = extname(given);
  const kind = kinds[ending.toLowerCase()];
  if (kind === undefined) {
    throw new AppError("unreadable_document", { message: `Files end in ${Object.keys(kinds).join(", ")}.`, param: "file" });
  }
  const name = `${[...basename(given, ending)].slice(0, longestName - ending.length).join("")}${ending}`;
  const head: Buffer[] = [];
  let bytes = 0;
  const counted = async function* (pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const piece of pieces) {
      if (bytes < longestBeginning) head.push(piece);
      bytes += piece.length;
      yield piece;
    }
  };
  const sealed = (pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> => target.sealer.sealFile(target.documentId, pieces);
  await pipeline(stream, counted, sealed, createWriteStream(target.file, { mode: 0o600 }));
  if ((stream as Readable & { truncated?: boolean }).truncated)
    throw new AppError("too_large", { message: "Files are 50 MB at most." });
  if (!Buffer.concat(head).toString("latin1", 0, longestBeginning).startsWith(beginnings[kind])) {
    throw new AppError("unreadable_document", { message: "The file is not what its name says." });
  }
  return { name, kind, bytes };
}
