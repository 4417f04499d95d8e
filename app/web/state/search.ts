/** The search over one's conversations. */
import { computed, signal } from "@preact/signals";
import { api, type Summary } from "../net/api.ts";
import { announce } from "./announce.ts";
import { isSignedOut, onOtherUser } from "./session.ts";
import { removed, summaries } from "./threads.ts";

/** A pause in typing that is worth a question to the server. */
const PAUSE_MS = 250;

/** What is searched for; "": nothing. */
export const query = signal("");
/** What the server found for `words`; null: it could not search, so titles are all that was looked at. */
const found = signal<{ readonly words: string; readonly list: readonly Summary[] | null } | null>(null);

let timer: ReturnType<typeof setTimeout> | undefined;
let asked: AbortController | null = null;

/** The conversations to show: all; or at once those whose title has the words, and then those the server found. */
export const shownSummaries = computed<readonly Summary[] | null>(() => {
  const words = query.value.trim();
  const all = summaries.value;
  if (words === "" || all === null) return all;
  const list = found.value?.words === words ? found.value.list : null;
  if (list === null) return all.filter(({ title }) => has(title, words));
  const fresh = new Map(all.map((summary) => [summary.id, summary]));
  return list.filter(({ id }) => !removed.value.has(id)).map((summary) => fresh.get(summary.id) ?? summary);
});
/** True when the server could not search and only titles were looked at. */
export const titlesOnly = computed(() => found.value?.words === query.value.trim() && found.value.list === null);

const has = (title: string, words: string): boolean => title.toLocaleLowerCase().includes(words.toLocaleLowerCase());

/** Searches for `text`, once the typing pauses. */
export function search(text: string): void {
  query.value = text;
  clearTimeout(timer);
  asked?.abort();
  const words = text.trim();
  if (words !== "") timer = setTimeout(() => void ask(words), PAUSE_MS);
}

async function ask(words: string): Promise<void> {
  const abort = new AbortController();
  asked = abort;
  try {
    found.value = { words, list: await api.search(words, abort.signal) };
  } catch (error) {
    if (abort.signal.aborted || isSignedOut(error)) return;
    found.value = { words, list: null };
  }
  const count = shownSummaries.value?.length ?? 0;
  announce(count === 1 ? "1 conversation found." : `${count} conversations found.`);
}

onOtherUser(() => search(""));
