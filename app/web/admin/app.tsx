import { useEffect, useState } from "preact/hooks";
import type { JSX } from "preact";
import { signOut } from "../state/session.ts";
import { Mark } from "../view/icons.tsx";
import { SessionPage } from "../view/session-page.tsx";
import { Budgets } from "./budgets.tsx";
import { Changes } from "./changes.tsx";
import { Keys } from "./keys.tsx";
import { Models } from "./models.tsx";
import { Usage } from "./usage.tsx";
import { Users } from "./users.tsx";

const panels = {
  users: { title: "People", View: Users },
  keys: { title: "Keys", View: Keys },
  budgets: { title: "Budgets", View: Budgets },
  usage: { title: "Usage", View: Usage },
  models: { title: "Models", View: Models },
  changes: { title: "Changes", View: Changes },
} as const;
type PanelName = keyof typeof panels;

/** The administration page: for administrators; everybody else is told so. */
export function AdminApp(): JSX.Element {
  return (
    <SessionPage
      waiting={<Waiting />}
      notice="Sign in as an administrator."
      signedIn={({ role, email }) => (role === "admin" ? <Panels email={email} /> : <NotAllowed email={email} />)}
    />
  );
}

function Waiting(): JSX.Element {
  return (
    <main class="gate" aria-busy="true">
      <h1 class="sr-only">Administration</h1>
      <p class="gate-wait">Opening the administration …</p>
    </main>
  );
}

function NotAllowed({ email }: { email: string }): JSX.Element {
  return (
    <main class="gate">
      <div class="gate-card">
        <Mark />
        <h1>Only administrators may see this</h1>
        <p class="muted">You are signed in as {email}. Ask an administrator to give you the role “admin”, or sign in as one.</p>
        <a class="button" href="/">
          To the chat
        </a>
        <button type="button" class="button" onClick={() => void signOut("/admin")}>
          Sign out
        </button>
      </div>
    </main>
  );
}

function Panels({ email }: { email: string }): JSX.Element {
  const [name, setName] = useState<PanelName>(panelInAddress);
  useEffect(() => {
    const follow = (): void => setName(panelInAddress());
    window.addEventListener("hashchange", follow);
    return () => window.removeEventListener("hashchange", follow);
  }, []);
  const { title, View } = panels[name];
  useEffect(() => {
    document.title = `${title} · Administration · Fidus`;
  }, [title]);
  return (
    <div class="admin">
      <header class="admin-head">
        <Mark small />
        <h1>Administration</h1>
        <span class="muted">{email}</span>
        <a class="button" href="/">
          To the chat
        </a>
        <button type="button" onClick={() => void signOut("/admin")}>
          Sign out
        </button>
      </header>
      <nav class="tabs" aria-label="Administration">
        {Object.entries(panels).map(([key, panel]) => (
          <a key={key} href={`#/${key}`} aria-current={key === name ? "page" : undefined}>
            {panel.title}
          </a>
        ))}
      </nav>
      <main class="panel">
        <View />
      </main>
    </div>
  );
}

function panelInAddress(): PanelName {
  const name = location.hash.slice(2);
  return Object.hasOwn(panels, name) ? (name as PanelName) : "users";
}
