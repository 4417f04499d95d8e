import { useState } from "preact/hooks";
import type { JSX } from "preact";
import { announce } from "../state/announce.ts";
import { hasKnowledge } from "../state/documents.ts";
import { cloud, decideCloud } from "../state/models.ts";
import { problemOf } from "../state/problems.ts";
import { runtime } from "../state/runtime.ts";
import { isSignedOut } from "../state/session.ts";
import { Closing, Modal } from "./modal.tsx";

/** The privacy notice: what is stored, where answers come from, what leaves the house; and the decision about the last. */
export function PrivacyDialog({ close }: { close: () => void }): JSX.Element {
  return (
    <Modal class="ask notice-dialog" titleId="privacy-title" onClosed={close}>
      {(leave) => (
        <div class="ask-content">
          <h2 id="privacy-title">Privacy</h2>
          <h3>Where answers come from</h3>
          <p>{whereFrom()}</p>
          <Leaving />
          <h3>What is stored</h3>
          <ul class="bullets">
            <li>
              Your conversations, in the database of this Fidus, until you delete them. Backups keep them until they expire.
            </li>
            {hasKnowledge.value === true && (
              <li>Your documents with their text, until you delete them. Backups keep the text until they expire.</li>
            )}
            <li>How many tokens you used, when, and of which model: without what was said.</li>
            <li>
              In this browser: one cookie that keeps you signed in, unsent drafts, the model you chose per conversation, and
              whether answers draw on your documents.
            </li>
          </ul>
          <p>Logs hold nothing of what is said. There is no tracking, and nothing on this page is loaded from elsewhere.</p>
          <h3>What answers are not</h3>
          <p>
            They are made by a language model and can be wrong. They are no medical, legal or financial advice: for decisions
            about health or money, ask somebody who answers for it.
          </p>
          <Closing leave={leave} />
        </div>
      )}
    </Modal>
  );
}

// Only the built-in runtime is known to be on this machine; of any other, its administrator knows where it stands.
function whereFrom(): string {
  if (runtime.value?.runtime === "embedded")
    return "From a model on the machine that runs Fidus. Questions and answers stay there.";
  return "From the model runtimes that your administrator has set up.";
}

function Leaving(): JSX.Element | null {
  const [problem, setProblem] = useState<string | null>(null);
  if (cloud.value?.available !== true) return null;
  const { allowed } = cloud.value;
  const decide = async (): Promise<void> => {
    setProblem(null);
    try {
      await decideCloud(!allowed);
      announce(allowed ? "Cloud models are no longer allowed." : "Cloud models are allowed.");
    } catch (error) {
      if (!isSignedOut(error)) setProblem(problemOf(error).title);
    }
  };
  return (
    <>
      <p>
        {allowed
          ? "You allowed cloud models: the company that runs the one you choose receives what you ask, the conversation so far and the answers, under its own terms. They may also stand in when a model of the house fails."
          : "There are cloud models too. They are not used for you: a company outside the house would receive what you ask, with the conversation so far."}
      </p>
      <button type="button" class="decide" onClick={() => void decide()}>
        {allowed ? "Do not allow cloud models any more" : "Allow cloud models"}
      </button>
      <div role="alert">{problem !== null && <p class="error">Nothing was changed. {problem}</p>}</div>
    </>
  );
}
