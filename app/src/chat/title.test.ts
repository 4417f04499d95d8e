import { expect, test } from "vitest";
import { cleanTitle } from "./title.ts";

test.each([
  ["Trips to Rome", "Trips to Rome"],
  ['  **"Trips to Rome."**\nIt fits because …', "Trips to Rome"],
  ["Titel: „Reisen nach Rom“", "Reisen nach Rom"],
  ["<think>long\nthoughts</think>\n# Rome", "Rome"],
  ["<think>never ends", ""],
  ["\n \n", ""],
  ["x".repeat(200), `${"x".repeat(79)}…`],
])("a model's title %j becomes %j", (reply, title) => {
  expect(cleanTitle(reply)).toBe(title);
});
