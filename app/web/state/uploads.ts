/** Files on their way into the documents, one after the other. What is not taken stays here until its owner lets go of it. */
import { signal } from "@preact/signals";
import { ApiError } from "../net/api.ts";
import { uploadDocument } from "../net/upload.ts";
import { announce } from "./announce.ts";
import { documents, refreshDocuments, useDocuments } from "./documents.ts";
import { problemOf } from "./problems.ts";
import { isSignedOut, onOtherUser } from "./session.ts";

/** What the server reads, by the ending of a name. */
export const acceptedEndings = [".txt", ".md", ".markdown", ".pdf", ".docx"] as const;
const LARGEST_BYTES = 50 * 1024 * 1024;

export interface Upload {
  readonly key: string;
  readonly file: File;
  readonly state: "waiting" | "sending" | "refused";
  /** How much has gone out, 0 to 1; at 1 the server reads the file. */
  readonly sent: number;
  /** Why it was refused, in words for the user; null when it was not. */
  readonly problem: string | null;
  /** True: another attempt may succeed. */
  readonly again: boolean;
}

/** In the order in which they were added. */
export const uploads = signal<readonly Upload[]>([]);
const aborts = new Map<string, AbortController>();
let keys = 0;
let busy = false;

/** Adds files to the documents. Those that would be refused are not sent, and say why. */
export function addFiles(files: Iterable<File>): void {
  const added = [...files].map((file): Upload => {
    const problem = problemWith(file);
    return { key: `u${++keys}`, file, state: problem === null ? "waiting" : "refused", sent: 0, problem, again: false };
  });
  uploads.value = [...uploads.value, ...added];
  const refused = added.filter(({ problem }) => problem !== null).map(({ file, problem }) => `${file.name}: ${problem}`);
  if (refused.length > 0) announce(`Not added. ${refused.join(" ")}`);
  void work();
}

function problemWith({ name, size }: File): string | null {
  const known = acceptedEndings.some((ending) => name.toLowerCase().endsWith(ending));
  if (!known) return `Documents end in ${acceptedEndings.join(", ")}.`;
  return size > LARGEST_BYTES ? "It is larger than 50 MB." : null;
}

/** Sends a refused file once more. */
export function sendAgain(key: string): void {
  change(key, { state: "waiting", sent: 0, problem: null });
  void work();
}

/** Stops a file on its way, or forgets one that was refused. */
export function letGo(key: string): void {
  aborts.get(key)?.abort();
  uploads.value = uploads.value.filter((upload) => upload.key !== key);
}

function change(key: string, changes: Partial<Upload>): void {
  uploads.value = uploads.value.map((upload) => (upload.key === key ? { ...upload, ...changes } : upload));
}

async function work(): Promise<void> {
  if (busy) return;
  busy = true;
  for (;;) {
    const next = uploads.value.find(({ state }) => state === "waiting");
    if (next === undefined) break;
    await send(next);
  }
  busy = false;
}

async function send({ key, file }: Upload): Promise<void> {
  const abort = new AbortController();
  aborts.set(key, abort);
  change(key, { state: "sending" });
  try {
    const added = await uploadDocument(file, { progress: (sent) => change(key, { sent }), signal: abort.signal });
    letGo(key);
    // Whoever adds the first one wants to ask about it.
    if (documents.value?.length === 0) useDocuments(true);
    documents.value = [added, ...(documents.value ?? []).filter(({ id }) => id !== added.id)];
    announce(`${file.name} was added.`);
    await refreshDocuments();
  } catch (error) {
    if (!abort.signal.aborted) refuse(key, file, error);
  }
  aborts.delete(key);
}

function refuse(key: string, file: File, error: unknown): void {
  const status = error instanceof ApiError ? error.status : 0;
  const text = problemOf(error).title;
  const problem = isSignedOut(error) ? "Your session had ended." : status === 413 ? "It is larger than 50 MB." : text;
  change(key, { state: "refused", problem, again: status !== 413 && status !== 422 });
  announce(`${file.name} was not added. ${problem}`);
}

onOtherUser(() => {
  for (const { key } of uploads.value) letGo(key);
});
