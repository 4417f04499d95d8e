import { useEffect } from "preact/hooks";
import type { JSX } from "preact";
import { announcement } from "../state/announce.ts";
import { checkSession, session } from "../state/session.ts";
import { ChatPage } from "./chat-page.tsx";
import { Mark } from "./icons.tsx";
import { SignIn } from "./sign-in.tsx";

/** The page: one of its four states, and the live region that all of them share. */
export function App(): JSX.Element {
  return (
    <>
      <Page />
      <div class="sr-only" role="status" aria-live="polite">
        {announcement}
      </div>
    </>
  );
}

function Page(): JSX.Element {
  const state = session.value;
  switch (state.kind) {
    case "checking":
      return <Waiting />;
    case "unreachable":
      return <Unreachable />;
    case "out":
      return <SignIn notice={state.notice} />;
    case "in":
      return <ChatPage user={state.user} />;
    default:
      return state satisfies never;
  }
}

function Waiting(): JSX.Element {
  return (
    <main class="gate" aria-busy="true">
      <h1 class="sr-only">Fidus</h1>
      <div class="gate-wait">
        <Mark />
        <p>Opening Fidus …</p>
      </div>
    </main>
  );
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
