/** Documents of the stand-in: each look at them takes a new one a step on, from queued to ready. A name with "unlucky" fails. */
import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";

interface ScriptedDocument {
  readonly id: string;
  readonly name: string;
  readonly bytes: number;
  readonly looks: number;
}
interface Answer {
  readonly status: number;
  readonly body: unknown;
}

const steps = [
  { state: "queued", embedded: 0 },
  { state: "embedding", embedded: 2 },
  { state: "ready", embedded: 4 },
] as const;

export class ScriptedDocuments {
  /** True: there is no model for them. */
  off = false;
  /** Uploads are read once it is fulfilled. */
  held: Promise<void> = Promise.resolve();
  #all: ScriptedDocument[] = [];

  /** Forgets everything. */
  clear(): void {
    this.#all = [];
    this.off = false;
    this.held = Promise.resolve();
  }

  /** A passage of each. */
  citations(): object[] {
    return this.#all.map(({ id, name }, index) => ({ number: index + 1, documentId: id, name, place: "lines 1–3", position: 1 }));
  }

  async answer(method: string, path: string, request: IncomingMessage): Promise<Answer> {
    if (this.off) return fail(404, "knowledge_off");
    const [, , id, chunks] = path.split("/");
    const found = this.#all.find((document) => document.id === id);
    if (method === "POST") return this.#add(request);
    if (id === undefined) return { status: 200, body: { documents: this.#look() } };
    if (found === undefined) return fail(404, "not_found");
    if (chunks !== undefined)
      return { status: 200, body: { place: "lines 1–3", content: `What ${found.name} says.\nIn two lines.` } };
    this.#all = this.#all.filter((document) => document !== found);
    return { status: 204, body: null };
  }

  #look(): object[] {
    const shown = this.#all.map(shape);
    this.#all = this.#all.map((document) => ({ ...document, looks: document.looks + 1 }));
    return shown;
  }

  async #add(request: IncomingMessage): Promise<Answer> {
    await this.held;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const form = Buffer.concat(chunks);
    const name = /filename="([^"]*)"/.exec(form.toString("utf8", 0, 1_000))?.[1] ?? "";
    if (name.endsWith(".pdf") && !form.includes("%PDF-"))
      return fail(422, "unreadable_document", "The file is not what its name says.");
    const document = { id: randomUUID(), name, bytes: form.length, looks: 0 };
    this.#all = [document, ...this.#all];
    return { status: 201, body: shape(document) };
  }
}

function shape({ id, name, bytes, looks }: ScriptedDocument): object {
  const step = name.includes("unlucky") ? { state: "failed", embedded: 0 } : (steps[looks] ?? steps[2]);
  return { id, name, kind: "text", bytes, createdAt: "2026-11-22T10:00:00Z", chunks: 4, ...step };
}

function fail(status: number, code: string, message = code): Answer {
  return { status, body: { error: { code, message } } };
}
