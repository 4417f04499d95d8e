/** Which models there are, whether those outside the house are allowed, and which one each conversation uses. */
import { effect, signal } from "@preact/signals";
import { api, type Cloud, type Models } from "../net/api.ts";
import { onOtherUser, session } from "./session.ts";

const PREFIX = "fidus.model.";

/** Null until read, and where the server tells none. */
export const models = signal<Models | null>(null);
/** Null until read. */
export const cloud = signal<Cloud | null>(null);

/** Reads both anew. Without an answer nothing can be chosen: the usual model goes on answering. */
async function refreshModels(): Promise<void> {
  [models.value, cloud.value] = await Promise.all([api.models().catch(() => null), api.cloud().catch(() => null)]);
}

/** Keeps what this person decided about models outside the house. Throws ApiError if the server did not. */
export async function decideCloud(allowed: boolean): Promise<void> {
  await api.allowCloud(allowed);
  cloud.value = { available: true, allowed };
}

function storage(): Storage | null {
  try {
    return localStorage;
  } catch {
    return null;
  }
}

/** The model chosen for a conversation (null = the new one) in this browser; null: the usual one. */
export function chosenModel(id: string | null): string | null {
  return id === null ? null : (storage()?.getItem(PREFIX + id) ?? null);
}

/** Remembers the model of a conversation; null forgets it. A new conversation is remembered once it has an id. */
export function keepModel(id: string | null, model: string | null): void {
  if (id === null) return;
  try {
    if (model === null) storage()?.removeItem(PREFIX + id);
    else storage()?.setItem(PREFIX + id, model);
  } catch {
    // A full storage must not disturb the choice.
  }
}

/** Forgets every choice: another person uses this browser now. */
function forget(): void {
  const store = storage();
  if (!store) return;
  for (const key of Object.keys(store)) if (key.startsWith(PREFIX)) store.removeItem(key);
  models.value = cloud.value = null;
}

/** Reads what there is once somebody is signed in. */
export function followModels(): void {
  effect(() => {
    if (session.value.kind === "in") queueMicrotask(() => void refreshModels());
  });
  onOtherUser(forget);
}
