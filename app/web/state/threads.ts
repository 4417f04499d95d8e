/** All conversations, and the one that is open. The address (#/c/ID) says which, so reload and back work. */
import { batch, effect, signal } from "@preact/signals";
import { api, ApiError, type Summary } from "../net/api.ts";
import { announce } from "./announce.ts";
import { keepModel } from "./models.ts";
import { problemOf, type Problem } from "./problems.ts";
import { isSignedOut, onOtherUser, session } from "./session.ts";
import { Thread } from "./thread.ts";

/** Newest first; null until read once. */
export const summaries = signal<readonly Summary[] | null>(null);
/** Ids of conversations deleted on this page: a list that was read before must not show them. */
export const removed = signal<ReadonlySet<string>>(new Set());
export const listProblem = signal<Problem | null>(null);

const byId = new Map<string, Thread>();
const blank = (): Thread => new Thread(null, { started });

/** The open conversation. */
export const current = signal<Thread>(blank());

export const addressOf = (id: string | null): string => (id === null ? "#/" : `#/c/${encodeURIComponent(id)}`);

function idInAddress(): string | null {
  const match = /^#\/c\/([^/]+)$/.exec(location.hash);
  if (!match?.[1]) return null;
  try {
    return decodeURIComponent(match[1]);
  } catch {
    return null;
  }
}

/** Keeps `current` in step with the address and loads what is needed once somebody is signed in. */
export function followAddress(): void {
  window.addEventListener("hashchange", show);
  effect(() => {
    if (session.value.kind === "in") queueMicrotask(enter);
  });
  onOtherUser(() => {
    byId.clear();
    batch(() => {
      summaries.value = null;
      current.value = blank();
    });
  });
}

function enter(): void {
  void refreshList();
  show();
}

function show(): void {
  if (session.value.kind !== "in") return;
  const id = idInAddress();
  if (id === current.value.id.value) {
    if (id !== null) void current.value.load();
    return;
  }
  if (id === null) {
    current.value = blank();
    return;
  }
  const known = byId.get(id);
  const thread = known ?? new Thread(id, { started });
  byId.set(id, thread);
  current.value = thread;
  void thread.load();
}

function started(thread: Thread, id: string, title: string): void {
  byId.set(id, thread);
  // replaceState fires no hashchange: the thread is shown already.
  if (current.value === thread && idInAddress() !== id) history.replaceState(null, "", addressOf(id));
  const others = (summaries.value ?? []).filter((summary) => summary.id !== id);
  summaries.value = [{ id, title, updatedAt: new Date().toISOString() }, ...others];
}

/** Reads the list of conversations. */
export async function refreshList(): Promise<void> {
  try {
    const list = await api.conversations();
    batch(() => {
      summaries.value = list;
      listProblem.value = null;
    });
  } catch (error) {
    if (!isSignedOut(error)) listProblem.value = problemOf(error);
  }
}

/** Gives a conversation another title. Throws ApiError if the server did not. */
export async function renameThread(id: string, title: string): Promise<void> {
  await api.rename(id, title);
  const renamed = (summary: Summary): Summary => (summary.id === id ? { ...summary, title } : summary);
  summaries.value = (summaries.value ?? []).map(renamed);
  const thread = byId.get(id);
  if (thread) thread.title.value = title;
  announce("Conversation renamed.");
}

/** Deletes a conversation. Throws ApiError if the server did not; one that is gone already counts as deleted. */
export async function removeThread(id: string): Promise<void> {
  byId.get(id)?.stop();
  try {
    await api.remove(id);
  } catch (error) {
    if (isSignedOut(error)) return;
    if (!(error instanceof ApiError && error.status === 404)) throw error;
  }
  byId.delete(id);
  keepModel(id, null);
  removed.value = new Set([...removed.value, id]);
  summaries.value = (summaries.value ?? []).filter((summary) => summary.id !== id);
  announce("Conversation deleted.");
  if (current.value.id.value !== id) return;
  history.replaceState(null, "", addressOf(null));
  current.value = blank();
}
