/** One's documents: which there are, and whether answers draw on them. */
import { computed, effect, signal } from "@preact/signals";
import { api, ApiError, type Document } from "../net/api.ts";
import { announce } from "./announce.ts";
import { problemOf, type Problem } from "./problems.ts";
import { isSignedOut, onOtherUser, session } from "./session.ts";

const STORED = "fidus.documents";
/** How long until the list is read again while a document is embedded. */
const LOOK_AGAIN_MS = 3_000;

/** Newest first; null until read once. */
export const documents = signal<readonly Document[] | null>(null);
/** Whether this Fidus has a model for documents; null until it is known. */
export const hasKnowledge = signal<boolean | null>(null);
export const documentsProblem = signal<Problem | null>(null);
/** True while the dialog of documents is open. */
export const documentsOpen = signal(false);
const wanted = signal(storage()?.getItem(STORED) === "1");
/** True when questions are asked with what stands in the documents. */
export const documentsInUse = computed(() => wanted.value && (documents.value?.length ?? 0) > 0);
let timer: ReturnType<typeof setTimeout> | undefined;

function storage(): Storage | null {
  try {
    return localStorage;
  } catch {
    return null;
  }
}

/** Lets answers draw on the documents, or no longer; remembered in this browser. */
export function useDocuments(use: boolean): void {
  wanted.value = use;
  try {
    if (use) storage()?.setItem(STORED, "1");
    else storage()?.removeItem(STORED);
  } catch {
    // A full storage must not disturb the choice.
  }
}

/** Reads the list anew, and again as long as the server works on one of them. */
export async function refreshDocuments(): Promise<void> {
  clearTimeout(timer);
  try {
    show(await api.documents());
  } catch (error) {
    if (isSignedOut(error)) return;
    if (error instanceof ApiError && error.code === "knowledge_off") hasKnowledge.value = false;
    else documentsProblem.value = problemOf(error);
  }
  const unready = documents.value?.some(({ state }) => state !== "ready") ?? false;
  if (unready || (documentsOpen.value && documentsProblem.value !== null)) timer = setTimeout(whenVisible, LOOK_AGAIN_MS);
}

function show(list: readonly Document[]): void {
  const before = new Map(documents.value?.map(({ id, state }) => [id, state]));
  const isNew = ({ id, state }: Document, now: Document["state"]): boolean => {
    return state === now && before.has(id) && before.get(id) !== now;
  };
  const ready = list.filter((document) => isNew(document, "ready"));
  const failed = list.filter((document) => isNew(document, "failed"));
  documents.value = list;
  hasKnowledge.value = true;
  documentsProblem.value = null;
  for (const { name } of ready) announce(`${name} is ready.`);
  for (const { name } of failed) announce(`${name} could not be embedded; it is tried again.`);
}

function whenVisible(): void {
  if (session.value.kind !== "in" || hasKnowledge.value === false) return;
  if (!document.hidden) void refreshDocuments();
}

/** Deletes a document. Throws ApiError if the server did not; one that is gone already counts as deleted. */
export async function removeDocument(id: string): Promise<void> {
  try {
    await api.removeDocument(id);
  } catch (error) {
    if (isSignedOut(error)) return;
    if (!(error instanceof ApiError && error.status === 404)) throw error;
  }
  documents.value = (documents.value ?? []).filter((document) => document.id !== id);
  announce("Document deleted.");
}

/** Shows the dialog of documents, with its list as it is now. */
export function openDocuments(): void {
  documentsOpen.value = true;
  whenVisible();
}

/** Reads what there is once somebody is signed in. */
export function followDocuments(): void {
  document.addEventListener("visibilitychange", whenVisible);
  effect(() => {
    if (session.value.kind === "in") queueMicrotask(() => void refreshDocuments());
  });
  onOtherUser(() => {
    documents.value = hasKnowledge.value = documentsProblem.value = null;
    documentsOpen.value = false;
    useDocuments(false);
  });
}
