import type { JSX } from "preact";
import { checking, refreshRuntime, runtime } from "../state/runtime.ts";
import { CopyButton } from "./copy-button.tsx";

/** Says what the user must know about the model: that it cannot be reached, or that it is only a demo. */
export function RuntimeBanner(): JSX.Element | null {
  const status = runtime.value;
  if (!status) return null;
  if (!status.reachable) {
    return (
      <aside class="banner bad" aria-label="Model state">
        <p>
          <strong>The language model cannot be reached.</strong> You can write, but nothing is answered now.
        </p>
        <p class="banner-step">
          <span>See why:</span> <code>./fidus status</code>
          <button type="button" class="quiet small" aria-disabled={checking} onClick={() => void refreshRuntime()}>
            {checking.value ? "Checking …" : "Check again"}
          </button>
        </p>
      </aside>
    );
  }
  if (!status.demo) return null;
  return (
    <aside class="banner" aria-label="Demo model">
      <p>
        <strong>Demo model.</strong> Its answers are often wrong.
      </p>
      {status.nextStep !== null && (
        <p class="banner-step">
          <span>Better:</span> <code>{status.nextStep}</code>
          <CopyButton text={status.nextStep} label="Copy the command for a better model" />
        </p>
      )}
    </aside>
  );
}
