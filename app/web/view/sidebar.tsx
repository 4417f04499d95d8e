import { useRef, useState } from "preact/hooks";
import type { JSX } from "preact";
import type { Summary, User } from "../net/api.ts";
import { announce } from "../state/announce.ts";
import { problemOf } from "../state/problems.ts";
import { signOut } from "../state/session.ts";
import { addressOf, current, listProblem, refreshList, removeThread, summaries } from "../state/threads.ts";
import { focusComposer } from "./composer.tsx";
import { DeleteDialog } from "./delete-dialog.tsx";
import { Modal } from "./modal.tsx";
import { CloseIcon, Mark, PlusIcon, SignOutIcon, TrashIcon } from "./icons.tsx";

/** Conversations beside the open one. */
export function Sidebar({ user }: { user: User }): JSX.Element {
  return (
    <aside class="side" aria-label="Conversations and account">
      <SideContent user={user} close={null} />
    </aside>
  );
}

/** The same on a small screen: a modal drawer, so that focus stays inside and Escape closes it. */
export function Drawer({ user, close }: { user: User; close: () => void }): JSX.Element {
  return (
    <Modal class="drawer" name="Conversations" onClosed={close}>
      {(leave) => (
        <div class="side">
          <SideContent user={user} close={leave} />
        </div>
      )}
    </Modal>
  );
}

function SideContent({ user, close }: { user: User; close: (() => void) | null }): JSX.Element {
  const newChat = (event: Event): void => {
    // The address may already be the one of a new chat: then nothing changes, but the writer wants the box.
    if (current.value.id.value === null) event.preventDefault();
    close?.();
    setTimeout(focusComposer);
  };
  return (
    <>
      <div class="side-head">
        <Mark small />
        <span class="wordmark">Fidus</span>
        {close && (
          <button type="button" class="quiet" aria-label="Close" onClick={close}>
            <CloseIcon />
          </button>
        )}
      </div>
      <a class="new-chat" href={addressOf(null)} onClick={newChat}>
        <PlusIcon /> New chat
      </a>
      <nav class="side-list" aria-label="Conversations">
        <ConversationList close={close} />
      </nav>
      <Account user={user} />
    </>
  );
}

function ConversationList({ close }: { close: (() => void) | null }): JSX.Element {
  const [asked, setAsked] = useState<Summary | null>(null);
  const list = useRef<HTMLUListElement>(null);
  const problem = listProblem.value;
  const all = summaries.value;
  if (all === null) {
    if (!problem) return <p class="side-note">Loading …</p>;
    return (
      <div class="side-note" role="alert">
        <p>Your conversations could not be read. {problem.title}</p>
        <button type="button" class="quiet small" onClick={() => void refreshList()}>
          Try again
        </button>
      </div>
    );
  }
  if (all.length === 0) return <p class="side-note">No conversations yet.</p>;
  const remove = async (summary: Summary): Promise<void> => {
    const place = all.indexOf(summary);
    await removeThread(summary.id);
    setAsked(null);
    // The deleted row had the focus: its successor takes it, else the message box.
    requestAnimationFrame(() => {
      const links = list.current?.querySelectorAll("a") ?? [];
      const next = links[Math.min(place, links.length - 1)];
      if (next) next.focus();
      else focusComposer();
    });
  };
  return (
    <>
      <ul ref={list}>
        {all.map((summary) => (
          <Row key={summary.id} summary={summary} open={() => close?.()} ask={() => setAsked(summary)} />
        ))}
      </ul>
      {asked && <DeleteDialog title={asked.title} remove={() => remove(asked)} close={() => setAsked(null)} />}
    </>
  );
}

function Row({ summary, open, ask }: { summary: Summary; open: () => void; ask: () => void }): JSX.Element {
  const isCurrent = current.value.id.value === summary.id;
  const title = summary.title || "Untitled";
  const onOpen = (): void => {
    open();
    // Where a keyboard comes up on focus, the title takes it instead of the box.
    setTimeout(() => (matchMedia("(pointer: coarse)").matches ? document.getElementById("title")?.focus() : focusComposer()));
  };
  return (
    <li class={isCurrent ? "row current" : "row"}>
      <a href={addressOf(summary.id)} aria-current={isCurrent ? "page" : undefined} onClick={onOpen}>
        {title}
      </a>
      <button type="button" class="quiet" aria-label={`Delete “${title}”`} onClick={ask}>
        <TrashIcon />
      </button>
    </li>
  );
}

function Account({ user }: { user: User }): JSX.Element {
  const [busy, setBusy] = useState(false);
  const leave = async (): Promise<void> => {
    if (busy) return;
    setBusy(true);
    try {
      await signOut();
    } catch (error) {
      setBusy(false);
      announce(`You are still signed in. ${problemOf(error).title}`);
    }
  };
  return (
    <div class="account">
      <p>
        {user.name && <strong>{user.name}</strong>}
        <span>{user.email}</span>
      </p>
      <button
        type="button"
        class="quiet"
        aria-label="Sign out"
        title="Sign out"
        aria-disabled={busy}
        onClick={() => void leave()}
      >
        <SignOutIcon />
      </button>
    </div>
  );
}
