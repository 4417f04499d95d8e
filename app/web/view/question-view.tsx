import { useLayoutEffect, useRef } from "preact/hooks";
import type { JSX } from "preact";
import { announce } from "../state/announce.ts";
import type { Message } from "../state/message.ts";
import type { Thread } from "../state/thread.ts";
import { focusComposer, grow } from "./composer.tsx";
import { PencilIcon } from "./icons.tsx";

/** What the user wrote. Once the server has it, it can be changed, and the conversation goes on from there. */
export function QuestionView({ message, thread }: { message: Message; thread: Thread }): JSX.Element {
  const edit = thread.edit.value;
  const editing = edit?.key === message.key;
  const begin = (): void => {
    thread.edit.value = { key: message.key, text: message.content };
  };
  return (
    <article class={editing ? "message user editing" : "message user"}>
      <h2 class="sr-only">You</h2>
      {editing ? (
        <QuestionForm thread={thread} text={edit.text} messageKey={message.key} />
      ) : (
        <p class="said">{message.content}</p>
      )}
      {!editing && message.id !== null && thread.answer.value === null && (
        <div class="tools">
          <button type="button" class="quiet small" id={`edit-${message.key}`} aria-label="Change this question" onClick={begin}>
            <PencilIcon /> <span aria-hidden="true">Change</span>
          </button>
        </div>
      )}
    </article>
  );
}

/** The box in which a question is changed. Enter asks, Escape leaves it as it was. */
function QuestionForm({ thread, text, messageKey }: { thread: Thread; text: string; messageKey: string }): JSX.Element {
  const box = useRef<HTMLTextAreaElement>(null);
  useLayoutEffect(() => {
    box.current?.focus();
    box.current?.setSelectionRange(text.length, text.length);
  }, []);
  useLayoutEffect(() => grow(box.current), [text]);
  const ask = (event: Event): void => {
    event.preventDefault();
    if (text.trim() === "") return;
    announce("Fidus is answering.");
    void thread.sendEdit();
    focusComposer();
  };
  const leave = (): void => {
    thread.edit.value = null;
    // The box had the focus: the button it came from takes it back.
    requestAnimationFrame(() => document.getElementById(`edit-${messageKey}`)?.focus());
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "Escape") {
      event.stopPropagation();
      leave();
    } else if (event.key === "Enter" && !event.shiftKey) ask(event);
  };
  return (
    <form class="edit" onSubmit={ask}>
      <textarea
        ref={box}
        rows={1}
        aria-label="Your question"
        aria-describedby="edit-note"
        autocomplete="off"
        value={text}
        onInput={(event) => (thread.edit.value = { key: messageKey, text: event.currentTarget.value })}
        onKeyDown={onKeyDown}
      />
      <p class="edit-note" id="edit-note">
        The conversation goes on from here: what follows this question is deleted.
      </p>
      <div class="edit-buttons">
        <button type="button" onClick={leave}>
          Leave it
        </button>
        <button type="submit" class="primary" aria-disabled={text.trim() === ""}>
          Ask
        </button>
      </div>
    </form>
  );
}
