import { useEffect, useRef, useState } from "preact/hooks";
import type { JSX } from "preact";
import { problemOf } from "../state/problems.ts";

interface DeleteDialogProps {
  readonly title: string;
  /** Deletes; a failure is shown in the dialog, which stays open. */
  readonly remove: () => Promise<void>;
  readonly close: () => void;
}

/** Asks before a conversation is deleted for good. The safe answer has the focus. */
export function DeleteDialog({ title, remove, close }: DeleteDialogProps): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const keep = useRef<HTMLButtonElement>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  useEffect(() => {
    dialog.current?.showModal();
    keep.current?.focus();
  }, []);
  const confirm = async (): Promise<void> => {
    if (busy) return;
    setBusy(true);
    try {
      await remove();
    } catch (failure) {
      setBusy(false);
      setError(problemOf(failure).title);
    }
  };
  return (
    <dialog class="ask" ref={dialog} aria-labelledby="ask-title" aria-describedby="ask-text" onClose={close}>
      <h2 id="ask-title">Delete this conversation?</h2>
      <p id="ask-text">“{title || "Untitled"}” and all its messages are deleted for good.</p>
      <div role="alert">{error !== null && <p class="error">It was not deleted. {error}</p>}</div>
      <div class="ask-buttons">
        <button type="button" ref={keep} onClick={() => dialog.current?.close()}>
          Keep
        </button>
        <button type="button" class="danger" aria-disabled={busy} onClick={() => void confirm()}>
          {busy ? "Deleting …" : "Delete"}
        </button>
      </div>
    </dialog>
  );
}
