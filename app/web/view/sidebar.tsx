import { useRef, useState } from "preact/hooks";
import type { JSX } from "preact";
import type { Summary, User } from "../net/api.ts";
import { announce } from "../state/announce.ts";
import { problemOf } from "../state/problems.ts";
import { signOut } from "../state/session.ts";
import { query, search, shownSummaries, titlesOnly } from "../state/search.ts";
import { addressOf, current, listProblem, refreshList, removeThread, renameThread, summaries } from "../state/threads.ts";
import { focusComposer } from "./composer.tsx";
import { DeleteDialog } from "./delete-dialog.tsx";
import { Modal } from "./modal.tsx";
import { CloseIcon, GearIcon, Mark, PencilIcon, PlusIcon, ShieldIcon, SignOutIcon, TrashIcon } from "./icons.tsx";
import { PrivacyDialog } from "./privacy-dialog.tsx";
import { RenameDialog } from "./rename-dialog.tsx";

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
      <SearchBox />
      <nav class="side-list" aria-label="Conversations">
        <ConversationList close={close} />
      </nav>
      <Account user={user} />
    </>
  );
}

function ConversationList({ close }: { close: (() => void) | null }): JSX.Element {
  const [asked, setAsked] = useState<Summary | null>(null);
  const [renamed, setRenamed] = useState<Summary | null>(null);
  const list = useRef<HTMLUListElement>(null);
  const problem = listProblem.value;
  const all = shownSummaries.value;
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
  if (summaries.value?.length === 0 && query.value === "") return <p class="side-note">No conversations yet.</p>;
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
      {titlesOnly.value && <p class="side-note">Only titles were searched: the server could not look into the messages.</p>}
      {all.length === 0 && <p class="side-note">Nothing found.</p>}
      <ul ref={list}>
        {all.map((summary) => (
          <Row
            key={summary.id}
            summary={summary}
            open={() => close?.()}
            ask={() => setAsked(summary)}
            rename={() => setRenamed(summary)}
          />
        ))}
      </ul>
      {renamed && (
        <RenameDialog title={renamed.title} rename={(title) => renameThread(renamed.id, title)} close={() => setRenamed(null)} />
      )}
      {asked && (
        <DeleteDialog
          title="Delete this conversation?"
          text={`“${asked.title || "Untitled"}” and all its messages are deleted for good.`}
          remove={() => remove(asked)}
          close={() => setAsked(null)}
        />
      )}
    </>
  );
}

/** Finds conversations by what was said in them. */
function SearchBox(): JSX.Element | null {
  if (!summaries.value?.length && query.value === "") return null;
  return (
    <input
      type="search"
      class="search"
      aria-label="Search conversations"
      placeholder="Search"
      autocomplete="off"
      value={query.value}
      onInput={(event) => search(event.currentTarget.value)}
    />
  );
}

interface RowProps {
  readonly summary: Summary;
  readonly open: () => void;
  readonly ask: () => void;
  readonly rename: () => void;
}

function Row({ summary, open, ask, rename }: RowProps): JSX.Element {
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
      <button type="button" class="quiet" aria-label={`Rename “${title}”`} onClick={rename}>
        <PencilIcon />
      </button>
      <button type="button" class="quiet" aria-label={`Delete “${title}”`} onClick={ask}>
        <TrashIcon />
      </button>
    </li>
  );
}

function Account({ user }: { user: User }): JSX.Element {
  const [busy, setBusy] = useState(false);
  const [privacy, setPrivacy] = useState(false);
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
      {user.role === "admin" && (
        <a class="button quiet" href="/admin" aria-label="Administration" title="Administration">
          <GearIcon />
        </a>
      )}
      <button type="button" class="quiet" aria-label="Privacy" title="Privacy" onClick={() => setPrivacy(true)}>
        <ShieldIcon />
      </button>
      {privacy && <PrivacyDialog close={() => setPrivacy(false)} />}
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
