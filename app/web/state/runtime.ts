/** What answers: model, demo notice and whether the runtime can be reached. */
import { signal } from "@preact/signals";
import { api, type RuntimeStatus } from "../net/api.ts";

const RETRY_MS = 10_000;

/** Last known state of the runtime; null until it was read once. */
export const runtime = signal<RuntimeStatus | null>(null);
/** True while the status is being read because the user asked for it. */
export const checking = signal(false);

let retry: ReturnType<typeof setTimeout> | undefined;

/** Reads the status; while the runtime is away it asks again every 10 s, as long as the page is visible. */
export async function refreshRuntime(): Promise<void> {
  clearTimeout(retry);
  checking.value = true;
  try {
    runtime.value = await api.status();
  } catch {
    // Without the API there is no statement about the runtime: the banner of the failed call explains that.
    runtime.value = null;
  }
  checking.value = false;
  if (runtime.value && !runtime.value.reachable) retry = setTimeout(whenVisible, RETRY_MS);
}

function whenVisible(): void {
  if (!document.hidden) void refreshRuntime();
}

document.addEventListener("visibilitychange", whenVisible);
