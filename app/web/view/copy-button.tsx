import { useEffect, useState } from "preact/hooks";
import type { JSX } from "preact";
import { announce } from "../state/announce.ts";
import { copyText } from "../text/clipboard.ts";
import { CheckIcon, CopyIcon } from "./icons.tsx";

const SHOWN_MS = 2_000;

/** Copies `text` and says so, to eyes and ears. */
export function CopyButton({ text, label }: { text: string; label: string }): JSX.Element {
  const [state, setState] = useState<"idle" | "done" | "failed">("idle");
  useEffect(() => {
    if (state === "idle") return undefined;
    const timer = setTimeout(() => setState("idle"), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [state]);
  const copy = async (): Promise<void> => {
    const done = await copyText(text);
    setState(done ? "done" : "failed");
    announce(done ? "Copied." : "Copying failed.");
  };
  return (
    <button type="button" class="quiet small" aria-label={label} title={label} onClick={() => void copy()}>
      {state === "done" ? <CheckIcon /> : <CopyIcon />}
      <span aria-hidden="true">{state === "done" ? "Copied" : state === "failed" ? "Failed" : "Copy"}</span>
    </button>
  );
}
