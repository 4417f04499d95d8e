import { useState } from "preact/hooks";
import type { JSX } from "preact";
import { announce } from "../state/announce.ts";
import { decideCloud } from "../state/models.ts";
import { problemOf } from "../state/problems.ts";
import { isSignedOut } from "../state/session.ts";
import { Modal } from "./modal.tsx";

interface CloudDialogProps {
  readonly model: string;
  /** Called once it is allowed. */
  readonly allowed: () => void;
  readonly close: () => void;
}

/** Asks before the first model outside the house is used, and says what is given and what is got. The safe answer has the focus. */
export function CloudDialog({ model, allowed, close }: CloudDialogProps): JSX.Element {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const allow = async (leave: () => void): Promise<void> => {
    if (busy) return;
    setBusy(true);
    try {
      await decideCloud(true);
      allowed();
      announce("Cloud models are allowed.");
      leave();
    } catch (failure) {
      setBusy(false);
      if (!isSignedOut(failure)) setError(problemOf(failure).title);
    }
  };
  return (
    <Modal class="ask" titleId="cloud-title" textId="cloud-text" onClosed={close}>
      {(leave) => (
        <div class="ask-content">
          <h2 id="cloud-title">Let questions leave the house?</h2>
          <div id="cloud-text" class="ask-text">
            <p>“{model}” runs at a company outside this house.</p>
            <p>
              You get a model that is often stronger. For it, that company receives what you ask, with the conversation so far and
              the answers, under its own terms.
            </p>
            <p>
              If you allow it, cloud models may also stand in when a model of the house fails. You can take it back at any time
              under “Privacy”. What was sent cannot be taken back.
            </p>
          </div>
          <div role="alert">{error !== null && <p class="error">Nothing was changed. {error}</p>}</div>
          <div class="ask-buttons">
            <button type="button" onClick={leave}>
              Stay in the house
            </button>
            <button type="button" class="primary" aria-disabled={busy} onClick={() => void allow(leave)}>
              Allow cloud models
            </button>
          </div>
        </div>
      )}
    </Modal>
  );
}
