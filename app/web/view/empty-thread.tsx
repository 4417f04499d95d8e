import type { JSX } from "preact";
import type { User } from "../net/api.ts";
import { runtime } from "../state/runtime.ts";
import type { Thread } from "../state/thread.ts";
import { focusComposer } from "./composer.tsx";

const ideas = [
  { title: "Explain", text: "Explain in simple words how a backup differs from a copy." },
  { title: "Write", text: "Write a short, friendly note that moves our meeting to Thursday." },
  { title: "Compare", text: "Compare renting and buying a car in a small table." },
];

/** What a new conversation shows: a greeting, where answers come from, and three ways to begin. */
export function EmptyThread({ thread, user }: { thread: Thread; user: User }): JSX.Element {
  const begin = (text: string): void => {
    thread.write(text);
    focusComposer();
  };
  return (
    <div class="empty">
      <h2>{greeting(user)}</h2>
      <Where />
      <ul class="ideas">
        {ideas.map((idea) => (
          <li key={idea.title}>
            <button type="button" onClick={() => begin(idea.text)}>
              <strong>{idea.title}</strong>
              <span>{idea.text}</span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** By name, if somebody gave one: the front of the e-mail address, which is put there otherwise, is no name. */
function greeting({ name, email }: User): string {
  return name && name !== email.split("@", 1)[0] ? `What can I do for you, ${name}?` : "What can I do for you?";
}

// Only the built-in runtime is known to be on this machine; any other may be elsewhere, so nothing is claimed for it.
function Where(): JSX.Element | null {
  if (runtime.value?.runtime !== "embedded") return null;
  return <p class="muted">The model runs on your own machine. Questions and answers stay there.</p>;
}
