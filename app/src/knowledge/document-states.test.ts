import { expect, test } from "vitest";
import { stateOf } from "./document-states.ts";

const half = { chunks: 4, embedded: 2 };
const none = { chunks: 4, embedded: 0 };

test.each([
  [
    "ready when all is embedded, whatever the queue remembers",
    { chunks: 4, embedded: 4 },
    { state: "failed", retries: 5 },
    "ready",
  ],
  ["queued while nobody has taken it", none, { state: "created", retries: 0 }, "queued"],
  ["queued when the queue does not know it yet: the next minute asks for it", none, undefined, "queued"],
  ["being embedded as soon as a worker has it", none, { state: "active", retries: 0 }, "embedding"],
  ["being embedded when the rest waits for its turn", half, { state: "created", retries: 0 }, "embedding"],
  ["failed while it waits for another attempt", half, { state: "retry", retries: 0 }, "failed"],
  ["failed while another attempt runs", none, { state: "active", retries: 2 }, "failed"],
  ["failed when no attempt is left", none, { state: "failed", retries: 5 }, "failed"],
  ["failed when it was given up", none, { state: "completed", retries: 0 }, "failed"],
] as const)("a document is %s", (_name, document, job, state) => {
  expect(stateOf(document, job)).toBe(state);
});
