import { useState } from "preact/hooks";
import type { JSX } from "preact";
import { problemOf } from "../state/problems.ts";
import { Modal } from "./modal.tsx";

interface DeleteDialogProps {
  /** The question. */
  readonly title: string;
  /** What goes, for good. */
  readonly text: string;
  /** Deletes; a failure is shown in the dialog, which stays open. */
  readonly remove: () => Promise<void>;
  readonly close: () => void;
}

/** Asks before something is deleted for good. The safe answer comes first and so has the focus. */
export function DeleteDialog({ title, text, remove, close }: DeleteDialogProps): JSX.Element {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
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
    <Modal class="ask" titleId="ask-title" textId="ask-text" onClosed={close}>
      {(leave) => (
        <div class="ask-content">
          <h2 id="ask-title">{title}</h2>
          <p id="ask-text">{text}</p>
          <div role="alert">{error !== null && <p class="error">It was not deleted. {error}</p>}</div>
          <div class="ask-buttons">
            <button type="button" onClick={leave}>
              Keep
            </button>
            <button type="button" class="danger" aria-disabled={busy} onClick={() => void confirm()}>
              {busy ? "Deleting …" : "Delete"}
            </button>
          </div>
        </div>
      )}
    </Modal>
  );
}
