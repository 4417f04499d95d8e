/** Unsent messages, kept for this tab so that a reload, an error or a new sign-in loses nothing. */

const PREFIX = "fidus.draft.";

// Storage may be switched off in the browser: then drafts live as long as the page, which is no error.
function storage(): Storage | null {
  try {
    return sessionStorage;
  } catch {
    return null;
  }
}

/** The draft of a conversation (null = the new one), "" when there is none. */
export function readDraft(id: string | null): string {
  return storage()?.getItem(PREFIX + (id ?? "new")) ?? "";
}

/** Keeps `text` as the draft of a conversation; "" removes it. */
export function keepDraft(id: string | null, text: string): void {
  const key = PREFIX + (id ?? "new");
  try {
    if (text) storage()?.setItem(key, text);
    else storage()?.removeItem(key);
  } catch {
    // A full storage must not disturb typing.
  }
}

/** Removes every draft: another person may use this tab next. */
export function dropDrafts(): void {
  const store = storage();
  if (!store) return;
  for (const key of Object.keys(store)) if (key.startsWith(PREFIX)) store.removeItem(key);
}
