/** Turns a failed call into what the user reads: what happened and what to do next. */
import { ApiError } from "../net/api.ts";

export interface Problem {
  readonly title: string;
  readonly advice: string;
}

const unreachable: Problem = {
  title: "Fidus cannot be reached.",
  advice: "Check your connection, or run “./fidus status” on the machine that runs Fidus.",
};
const modelAway = "Wait a moment and send again; “./fidus status” shows its state.";

/** Codes of the API and of this page that have a text of their own. */
const byCode = new Map<string, Problem>([
  ["network", unreachable],
  // The proxy's own word while the API is away; another proxy before it may say it without a code.
  ["unreachable", unreachable],
  ["502", unreachable],
  ["504", unreachable],
  ["runtime_unreachable", { title: "The language model cannot be reached.", advice: modelAway }],
  ["runtime_timeout", { title: "The language model did not answer in time.", advice: modelAway }],
  ["no_model", { title: "No language model is available.", advice: "Run “./fidus choose” on the machine that runs Fidus." }],
  [
    "cloud_not_allowed",
    { title: "This model runs outside the house.", advice: "Allow cloud models under “Privacy”, or choose another model." },
  ],
  ["model_not_found", { title: "This model is no longer here.", advice: "Choose another model." }],
  [
    "conversation_busy",
    { title: "An answer is still being written in this conversation.", advice: "Send again when it is done." },
  ],
  ["too_large", { title: "This message is too long.", advice: "Shorten it (32,000 characters at most) and send again." }],
]);

/** The problem behind `error`; anything unknown gets a general text, never an internal one. */
export function problemOf(error: unknown): Problem {
  if (!(error instanceof ApiError)) return { title: "Something went wrong on this page.", advice: "Reload it and try again." };
  const known = byCode.get(error.code);
  if (known) return known;
  const title = error.message || `The server answered with status ${error.status}.`;
  return { title, advice: error.retryAfter ? `Try again in ${error.retryAfter} s.` : "Try again in a moment." };
}
