import { useEffect, useRef, useState } from "preact/hooks";
import type { JSX } from "preact";
import { problemOf } from "../state/problems.ts";
import { Modal } from "./modal.tsx";

interface RenameDialogProps {
  readonly title: string;
  /** Renames; a failure is shown in the dialog, which stays open. */
  readonly rename: (title: string) => Promise<void>;
  readonly close: () => void;
}

/** Asks for the new title of a conversation. */
export function RenameDialog({ title, rename, close }: RenameDialogProps): JSX.Element {
  const [text, setText] = useState(title);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const box = useRef<HTMLInputElement>(null);
  useEffect(() => box.current?.select(), []);
  const submit = async (event: Event, leave: () => void): Promise<void> => {
    event.preventDefault();
    const wanted = text.trim();
    if (busy || wanted === "") return;
    setBusy(true);
    try {
      if (wanted !== title) await rename(wanted);
      leave();
    } catch (failure) {
      setBusy(false);
      setError(problemOf(failure).title);
    }
  };
  return (
    <Modal class="ask" titleId="rename-title" onClosed={close}>
      {(leave) => (
        <form class="ask-content" onSubmit={(event) => void submit(event, leave)}>
          <h2 id="rename-title">Rename this conversation</h2>
          <input
            ref={box}
            class="field"
            aria-label="Title"
            maxLength={200}
            autocomplete="off"
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
          />
          <div role="alert">{error !== null && <p class="error">It was not renamed. {error}</p>}</div>
          <div class="ask-buttons">
            <button type="button" onClick={leave}>
              Cancel
            </button>
            <button type="submit" class="primary" aria-disabled={busy || text.trim() === ""}>
              Rename
            </button>
          </div>
        </form>
      )}
    </Modal>
  );
}
