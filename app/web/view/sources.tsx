import { useId, useState } from "preact/hooks";
import type { JSX, TargetedEvent } from "preact";
import { api, ApiError, type Citation } from "../net/api.ts";
import { problemOf } from "../state/problems.ts";
import { isSignedOut } from "../state/session.ts";

/** What an answer drew on; each one opens to the passage itself. */
export function Sources({ citations }: { citations: readonly Citation[] }): JSX.Element {
  const id = useId();
  return (
    <div class="sources">
      <p id={id}>From your documents</p>
      <ul aria-labelledby={id}>
        {citations.map((citation) => (
          <li key={citation.number}>
            <Source citation={citation} />
          </li>
        ))}
      </ul>
    </div>
  );
}

type Passage =
  { readonly kind: "text"; readonly text: string } | { readonly kind: "problem"; readonly text: string; readonly gone: boolean };

function Source({ citation }: { citation: Citation }): JSX.Element {
  const [passage, setPassage] = useState<Passage | null>(null);
  const load = async (): Promise<void> => {
    setPassage(null);
    try {
      setPassage({ kind: "text", text: await api.passage(citation) });
    } catch (error) {
      if (isSignedOut(error)) return;
      const gone = error instanceof ApiError && error.status === 404;
      const text = gone
        ? "The document was deleted, and its text with it."
        : `The passage could not be read. ${problemOf(error).title}`;
      setPassage({ kind: "problem", text, gone });
    }
  };
  const onToggle = (event: TargetedEvent<HTMLDetailsElement>): void => {
    if (event.currentTarget.open && passage?.kind !== "text") void load();
  };
  return (
    <details onToggle={onToggle}>
      <summary>
        <span class="source-number">[{citation.number}]</span> {citation.name}, {citation.place}
      </summary>
      {passage === null && <p class="muted">Loading …</p>}
      {passage?.kind === "text" && <blockquote>{passage.text}</blockquote>}
      {passage?.kind === "problem" && (
        <div class="muted" role="alert">
          <p>{passage.text}</p>
          {!passage.gone && (
            <button type="button" class="quiet small" onClick={() => void load()}>
              Try again
            </button>
          )}
        </div>
      )}
    </details>
  );
}
