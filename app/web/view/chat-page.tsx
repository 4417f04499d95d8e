import { useEffect, useState } from "preact/hooks";
import type { JSX } from "preact";
import type { User } from "../net/api.ts";
import { documentsOpen } from "../state/documents.ts";
import { current } from "../state/threads.ts";
import { Composer, focusComposer } from "./composer.tsx";
import { DocumentsDialog } from "./documents-dialog.tsx";
import { useFileDrop } from "./file-drop.ts";
import { MenuIcon } from "./icons.tsx";
import { ModelChoice } from "./model-choice.tsx";
import { loadMarkdown } from "./prose.tsx";
import { RuntimeBanner } from "./runtime-banner.tsx";
import { Drawer, Sidebar } from "./sidebar.tsx";
import { ThreadView } from "./thread-view.tsx";

/** The signed-in page: conversations at the side (a drawer on small screens), the open one beside them. */
export function ChatPage({ user }: { user: User }): JSX.Element {
  const wide = useMedia("(min-width: 52rem)");
  const [drawer, setDrawer] = useState(false);
  const thread = current.value;
  const dragging = useFileDrop();
  const title = thread.title.value;

  useEffect(() => void loadMarkdown(), []);
  useEffect(() => {
    document.title = `${title} · Fidus`;
  }, [title]);
  useEffect(() => setDrawer(false), [thread]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      // Inside a dialog Escape closes the dialog, and during composition it belongs to the input method.
      if (event.key !== "Escape" || event.isComposing || document.querySelector("dialog[open]")) return;
      if (!thread.answer.value) return;
      event.preventDefault();
      thread.stop();
      focusComposer();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [thread]);

  return (
    <div class={wide ? "chat wide" : "chat"}>
      <a class="skip" href="#message" onClick={skip}>
        Skip to the message box
      </a>
      {wide && <Sidebar user={user} />}
      {!wide && drawer && <Drawer user={user} close={() => setDrawer(false)} />}
      <main class="stage">
        <header class="stage-head">
          {!wide && (
            <button type="button" class="quiet" aria-label="Conversations" aria-haspopup="dialog" onClick={() => setDrawer(true)}>
              <MenuIcon />
            </button>
          )}
          <h1 id="title" tabIndex={-1}>
            {title}
          </h1>
          <ModelChoice thread={thread} />
        </header>
        <RuntimeBanner />
        <ThreadView thread={thread} user={user} />
        <Composer thread={thread} user={user} />
      </main>
      {documentsOpen.value && <DocumentsDialog dragging={dragging} />}
      {dragging && (
        <p class="drop-hint" aria-hidden="true">
          Drop files to add them to your documents
        </p>
      )}
    </div>
  );
}

function skip(event: Event): void {
  event.preventDefault(); // the address belongs to the open conversation
  focusComposer();
}

function useMedia(query: string): boolean {
  const [matches, setMatches] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const list = matchMedia(query);
    const update = (): void => setMatches(list.matches);
    list.addEventListener("change", update);
    return () => list.removeEventListener("change", update);
  }, [query]);
  return matches;
}
