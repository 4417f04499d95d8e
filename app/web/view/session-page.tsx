import { useEffect } from "preact/hooks";
import type { JSX } from "preact";
import { announcement } from "../state/announce.ts";
import { checkSession, session, type Session } from "../state/session.ts";
import { Mark } from "./icons.tsx";
import { SignIn } from "./sign-in.tsx";

type User = Extract<Session, { kind: "in" }>["user"];

interface SessionPageProps {
  /** While it is not known who is there. */
  readonly waiting: JSX.Element;
  /** What the sign-in says when nothing happened that it has to say. @default nothing */
  readonly notice?: string;
  readonly signedIn: (user: User) => JSX.Element;
}

/** A page for people who are signed in: one of its four states, and the live region that all of them share. */
export function SessionPage(props: SessionPageProps): JSX.Element {
  return (
    <>
      <State {...props} />
      <div class="sr-only" role="status" aria-live="polite">
        {announcement}
      </div>
    </>
  );
}

function State({ waiting, notice, signedIn }: SessionPageProps): JSX.Element {
  const state = session.value;
  switch (state.kind) {
    case "checking":
      return waiting;
    case "unreachable":
      return <Unreachable />;
    case "out":
      return <SignIn notice={state.notice ?? notice ?? null} />;
    case "in":
      return signedIn(state.user);
    default:
      return state satisfies never;
  }
}

function Unreachable(): JSX.Element {
  useEffect(() => {
    const again = (): void => void checkSession();
    window.addEventListener("online", again);
    return () => window.removeEventListener("online", again);
  }, []);
  return (
    <main class="gate">
      <div class="gate-card" role="alert">
        <Mark />
        <h1>Fidus cannot be reached</h1>
        <p class="muted">
          Check your connection, or run <code>./fidus status</code> on the machine that runs Fidus.
        </p>
        <button type="button" class="primary" onClick={() => void checkSession()}>
          Try again
        </button>
      </div>
    </main>
  );
}
