import type { JSX } from "preact";
import { announce } from "../state/announce.ts";
import { runtime } from "../state/runtime.ts";
import type { Answer, Message } from "../state/message.ts";
import type { Thread } from "../state/thread.ts";
import { focusComposer } from "./composer.tsx";
import { CopyButton } from "./copy-button.tsx";
import { AgainIcon, Mark } from "./icons.tsx";
import { Prose } from "./prose.tsx";
import { QuestionView } from "./question-view.tsx";
import { Sources } from "./sources.tsx";

interface MessageViewProps {
  readonly message: Message;
  /** How far the answer is while it is written; null for every other message. */
  readonly phase: Answer["phase"] | null;
  readonly thread: Thread;
  /** True for the newest message. */
  readonly isLast: boolean;
}

/** One message: what the user wrote as plain text, what the model wrote as Markdown. */
export function MessageView({ message, phase, thread, isLast }: MessageViewProps): JSX.Element {
  if (message.role === "user") return <QuestionView message={message} thread={thread} />;
  const writing = message.status === "streaming";
  const state = stateText(message, phase);
  const retry = (): void => {
    announce("Fidus is answering.");
    void thread.retry();
    focusComposer();
  };
  return (
    <article class={writing ? "message fidus writing" : "message fidus"} aria-busy={writing}>
      <Speaker />
      <Prose text={message.content} />
      {state !== null && <Thinking text={state} />}
      {!writing && message.citations.length > 0 && <Sources citations={message.citations} />}
      {message.note !== null && <p class={message.status === "failed" ? "note bad" : "note"}>{message.note}</p>}
      <div class="tools">
        {message.content !== "" && !writing && <CopyButton text={message.content} label="Copy this answer" />}
        {isLast && !writing && (
          <button type="button" class="quiet small" title="Ask again: a new answer takes the place of this one" onClick={retry}>
            <AgainIcon /> Ask again
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
