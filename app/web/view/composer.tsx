import { useLayoutEffect, useRef } from "preact/hooks";
import type { JSX } from "preact";
import type { User } from "../net/api.ts";
import { announce } from "../state/announce.ts";
import { documents, documentsInUse, hasKnowledge, openDocuments, useDocuments } from "../state/documents.ts";
import { runtime } from "../state/runtime.ts";
import type { Thread } from "../state/thread.ts";
import { ClipIcon, SendIcon, StopIcon } from "./icons.tsx";

/** Puts the focus into the message box. */
export function focusComposer(): void {
  document.getElementById("message")?.focus();
}

/** The message box. Enter sends, Shift+Enter starts a line; while an answer is written the button stops it. */
export function Composer({ thread, user }: { thread: Thread; user: User }): JSX.Element {
  const box = useRef<HTMLTextAreaElement>(null);
  const draft = thread.draft.value;
  const answer = thread.answer.value;
  const problem = thread.problem.value;

  useLayoutEffect(() => grow(box.current), [draft]);
  useLayoutEffect(() => {
    if (!matchMedia("(pointer: coarse)").matches && !document.querySelector("dialog[open]")) focusComposer();
  }, [thread]);

  const send = (event?: Event): void => {
    event?.preventDefault();
    if (draft.trim() === "" || answer) return;
    announce("Fidus is answering.");
    void thread.send();
    focusComposer();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    // Enter that confirms an input method's suggestion must not send (Safari reports it as key code 229).
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    send();
  };
  return (
    <div class="dock">
      <div role="alert">
        {problem && (
          <p class="problem">
            <strong>{problem.title}</strong> {problem.advice}
          </p>
        )}
      </div>
      <form class="composer" onSubmit={send}>
        <DocumentsButton user={user} />
        <label class="sr-only" for="message">
          Message to Fidus
        </label>
        <textarea
          id="message"
          ref={box}
          rows={1}
          placeholder="Write to Fidus"
          autocomplete="off"
          enterkeyhint="send"
          aria-describedby="keys"
          value={draft}
          onInput={(event) => thread.write(event.currentTarget.value)}
          onKeyDown={onKeyDown}
        />
        {answer ? (
          <button key="stop" type="button" class="round stop" aria-label="Stop answering" onClick={() => stop(thread)}>
            <StopIcon />
          </button>
        ) : (
          <button key="send" type="submit" class="round" aria-label="Send" aria-disabled={draft.trim() === ""}>
            <SendIcon />
          </button>
        )}
      </form>
      <UseDocuments />
      <p class="keys" id="keys">
        <span class="keys-long">Enter sends, Shift+Enter starts a line, Esc stops. </span>
        {thread.model.value ?? runtime.value?.model ?? "Fidus"} can be wrong: check what matters.
      </p>
    </div>
  );
}

/** To the documents. Where there is no model for them, administrators alone are told how to get one. */
function DocumentsButton({ user }: { user: User }): JSX.Element | null {
  if (hasKnowledge.value === null || (hasKnowledge.value === false && user.role !== "admin")) return null;
  return (
    <button
      type="button"
      class="quiet documents-button"
      aria-label="Documents"
      aria-haspopup="dialog"
      title="Documents"
      onClick={openDocuments}
    >
      <ClipIcon />
    </button>
  );
}

function UseDocuments(): JSX.Element | null {
  if (!documents.value?.length) return null;
  return (
    <label class="use-documents">
      <input type="checkbox" checked={documentsInUse.value} onChange={(event) => useDocuments(event.currentTarget.checked)} />
      Draw on my documents
    </label>
  );
}

function stop(thread: Thread): void {
  thread.stop();
  focusComposer(); // the stop button is about to go
}

/** Makes a box as high as its text. */
export function grow(box: HTMLTextAreaElement | null): void {
  if (!box) return;
  box.style.height = "auto";
  box.style.height = `${box.scrollHeight}px`; // the style sheet caps it
}
