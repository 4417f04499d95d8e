import { signal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { JSX } from "preact";
import { announce } from "../state/announce.ts";
import { copyText } from "../text/clipboard.ts";
import type { MarkdownView } from "../text/markdown.ts";

const SHOWN_MS = 2_000;

/** Draws Markdown; null until it is here. Half of the page's script: it comes after the first paint, and only to who is signed in. */
const drawer = signal<typeof MarkdownView | null>(null);

/** Fetches what draws Markdown. Until then, and if it cannot be had, answers are shown as the model wrote them. */
export async function loadMarkdown(): Promise<void> {
  drawer.value ??= await import("../text/markdown.ts").then(
    (part) => part.MarkdownView,
    () => null,
  );
}

/** What the model wrote. */
export function Prose({ text }: { text: string }): JSX.Element {
  const View = drawer.value;
  // Keys: what is drawn outside the component tree must not meet what is drawn inside it.
  if (View === null) return <Plain key="plain" text={text} />;
  return <Drawn key="drawn" text={text} View={View} />;
}

function Plain({ text }: { text: string }): JSX.Element {
  return <div class="prose plain">{text}</div>;
}

function Drawn({ text, View }: { text: string; View: typeof MarkdownView }): JSX.Element {
  const root = useRef<HTMLDivElement>(null);
  const view = useRef<MarkdownView | null>(null);
  useLayoutEffect(() => {
    if (!root.current) return;
    view.current ??= new View(root.current);
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
