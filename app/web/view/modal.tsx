import { useEffect, useRef } from "preact/hooks";
import type { ComponentChildren, JSX } from "preact";

interface ModalProps {
  readonly class: string;
  readonly name?: string;
  /** Ids of the elements that name and describe it, in place of `name`. */
  readonly titleId?: string;
  readonly textId?: string;
  /** Called once it is closed, by `leave`, Escape or a click beside it; its owner then draws it no more. */
  readonly onClosed: () => void;
  /** What is inside; `leave` closes, and gives the focus back to where it was. */
  readonly children: (leave: () => void) => ComponentChildren;
}

/** A modal dialog of the browser's own kind: the page behind it is inert, Escape closes it. */
export function Modal({ name, titleId, textId, onClosed, children, ...rest }: ModalProps): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const leave = (): void => {
    // Close first, then forget: only a closing dialog returns the focus, one that vanishes does not.
    dialog.current?.close();
    onClosed();
  };
  const onCancel = (event: Event): void => {
    if (event.target !== dialog.current) return; // a file picker inside that was left without a choice
    event.preventDefault();
    leave();
  };
  const onClick = (event: MouseEvent): void => {
    if (event.target === dialog.current) leave(); // the backdrop; what is inside has its own targets
  };
  return (
    <dialog
      class={rest.class}
      ref={dialog}
      aria-label={name}
      aria-labelledby={titleId}
      aria-describedby={textId}
      onCancel={onCancel}
      onClose={onClosed}
      onClick={onClick}
    >
      {children(leave)}
    </dialog>
  );
}

/** The last line of a dialog that only tells: the button that closes it. */
export function Closing({ leave }: { leave: () => void }): JSX.Element {
  return (
    <div class="ask-buttons">
      <button type="button" onClick={leave}>
        Close
      </button>
    </div>
  );
}
