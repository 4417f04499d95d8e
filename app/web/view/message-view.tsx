import type { JSX } from "preact";
import { runtime } from "../state/runtime.ts";
import type { Answer, Message, Thread } from "../state/thread.ts";
import { focusComposer } from "./composer.tsx";
import { CopyButton } from "./copy-button.tsx";
import { Mark } from "./icons.tsx";
import { Prose } from "./prose.tsx";

interface MessageViewProps {
  readonly message: Message;
  /** How far the answer is while it is written; null for every other message. */
  readonly phase: Answer["phase"] | null;
  readonly thread: Thread;
}

/** One message: what the user wrote as plain text, what the model wrote as Markdown. */
export function MessageView({ message, phase, thread }: MessageViewProps): JSX.Element {
  if (message.role === "user") {
    return (
      <article class="message user">
        <h2 class="sr-only">You</h2>
        <p class="said">{message.content}</p>
      </article>
    );
  }
  const again = (): void => {
    thread.askAgain(message.key);
    focusComposer();
  };
  const writing = message.status === "streaming";
  const state = stateText(message, phase);
  return (
    <article class={writing ? "message fidus writing" : "message fidus"} aria-busy={writing}>
      <Speaker />
      <Prose text={message.content} />
      {state !== null && <Thinking text={state} />}
      {message.note !== null && <p class={message.status === "failed" ? "note bad" : "note"}>{message.note}</p>}
      <div class="tools">
        {message.content !== "" && !writing && <CopyButton text={message.content} label="Copy this answer" />}
        {message.status === "failed" && (
          <button type="button" class="quiet small" onClick={again}>
            Ask again
          </button>
        )}
      </div>
    </article>
  );
}

function stateText(message: Message, phase: Answer["phase"] | null): string | null {
  if (message.status !== "streaming") return null;
  if (phase === "stopping") return "Stopping …";
  if (message.content !== "") return null;
  return runtime.value?.loaded === false ? "Loading the model; the first answer takes longer …" : "Thinking …";
}

function Speaker(): JSX.Element {
  return (
    <h2 class="speaker">
      <Mark small /> Fidus
    </h2>
  );
}

function Thinking({ text }: { text: string }): JSX.Element {
  return (
    <p class="thinking">
      <span class="pulse" aria-hidden="true" />
      {text}
    </p>
  );
}
