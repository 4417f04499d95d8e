import type { JSX } from "preact";
import { ChatPage } from "./chat-page.tsx";
import { Mark } from "./icons.tsx";
import { SessionPage } from "./session-page.tsx";

/** The chat page. */
export function App(): JSX.Element {
  return <SessionPage waiting={<Waiting />} signedIn={(user) => <ChatPage user={user} />} />;
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
