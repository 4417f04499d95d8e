import { useLayoutEffect, useRef } from "preact/hooks";
import type { JSX } from "preact";
import { announce } from "../state/announce.ts";
import { runtime } from "../state/runtime.ts";
import type { Answer, Message, Thread } from "../state/thread.ts";
import { copyText } from "../text/clipboard.ts";
import { MarkdownView } from "../text/markdown.ts";
import { focusComposer } from "./composer.tsx";
import { CopyButton } from "./copy-button.tsx";
import { Mark } from "./icons.tsx";

const SHOWN_MS = 2_000;

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

function Prose({ text }: { text: string }): JSX.Element {
  const root = useRef<HTMLDivElement>(null);
  const view = useRef<MarkdownView | null>(null);
  useLayoutEffect(() => {
    if (!root.current) return;
    view.current ??= new MarkdownView(root.current);
    view.current.show(text);
  }, [text]);
  return <div class="prose" ref={root} onClick={(event) => void copyCode(event)} />;
}

// One listener for all code blocks: their buttons are made by the Markdown view, outside the component tree.
async function copyCode(event: MouseEvent): Promise<void> {
  const button = event.target instanceof Element ? event.target.closest("button[data-copy]") : null;
  const code = button?.closest(".code")?.querySelector("code")?.textContent;
  if (!button || code == null) return;
  const done = await copyText(code);
  button.textContent = done ? "Copied" : "Failed";
  announce(done ? "Copied." : "Copying failed.");
  setTimeout(() => (button.textContent = "Copy"), SHOWN_MS);
}
