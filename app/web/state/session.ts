/** Who is signed in. Everything else on the page hangs on this. */
import { signal } from "@preact/signals";
import { api, ApiError, type User } from "../net/api.ts";
import { dropDrafts } from "./drafts.ts";
import { refreshRuntime } from "./runtime.ts";

export type Session =
  | { readonly kind: "checking" }
  | { readonly kind: "unreachable" }
  | { readonly kind: "out"; readonly notice: string | null }
  | { readonly kind: "in"; readonly user: User };

export const session = signal<Session>({ kind: "checking" });

/** The last person signed in on this page; another one must not see their drafts and conversations. */
let lastEmail: string | null = null;
const forget: (() => void)[] = [dropDrafts];

/** Registers what has to be cleared when another person signs in. */
export function onOtherUser(clear: () => void): void {
  forget.push(clear);
}

/** Asks the server who we are. */
export async function checkSession(): Promise<void> {
  session.value = { kind: "checking" };
  try {
    enter(await api.me());
  } catch (error) {
    const out = error instanceof ApiError && error.status === 401;
    session.value = out ? { kind: "out", notice: null } : { kind: "unreachable" };
  }
}

/** Signs in. Throws ApiError (401 for wrong credentials); the session is unchanged then. */
export async function signIn(email: string, password: string): Promise<void> {
  await api.login(email, password);
  enter(await api.me());
}

function enter(user: User): void {
  if (lastEmail !== null && lastEmail !== user.email) for (const clear of forget) clear();
  lastEmail = user.email;
  session.value = { kind: "in", user };
  void refreshRuntime();
}

/** Ends the session on the server, then drops the page with all it holds. Throws ApiError if the server did not do it. */
export async function signOut(then = "/"): Promise<void> {
  try {
    await api.logout();
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 401)) throw error;
  }
  dropDrafts();
  // A new document instead of a state change: nothing read in this session stays in memory or in the history.
  location.replace(then);
}

/** Takes note of a 401 anywhere: back to the sign-in form, drafts kept. Returns whether it was one. */
export function isSignedOut(error: unknown): boolean {
  if (!(error instanceof ApiError) || error.status !== 401) return false;
  session.value = { kind: "out", notice: "Your session has ended. Sign in again; what you wrote is kept." };
  return true;
}
