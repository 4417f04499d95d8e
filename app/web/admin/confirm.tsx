import { useState } from "preact/hooks";
import type { JSX } from "preact";
import { Modal } from "../view/modal.tsx";

/** What is asked before something that hurts. */
export interface Question {
  readonly title: string;
  readonly text: string;
  /** The word on the button that does it. */
  readonly yes: string;
  readonly work: () => Promise<boolean>;
}

/** Asks, and does it after a yes; what went wrong is said on the page. The safe answer has the focus. */
export function Confirm({ question, close }: { question: Question; close: () => void }): JSX.Element {
  const [busy, setBusy] = useState(false);
  const confirm = async (leave: () => void): Promise<void> => {
    if (busy) return;
    setBusy(true);
    await question.work();
    leave();
  };
  return (
    <Modal class="ask" titleId="ask-title" textId="ask-text" onClosed={close}>
      {(leave) => (
        <div class="ask-content">
          <h2 id="ask-title">{question.title}</h2>
          <p id="ask-text">{question.text}</p>
          <div class="ask-buttons">
            <button type="button" onClick={leave}>
              Cancel
            </button>
            <button type="button" class="danger" aria-disabled={busy} onClick={() => void confirm(leave)}>
              {question.yes}
            </button>
          </div>
        </div>
      )}
    </Modal>
  );
}
