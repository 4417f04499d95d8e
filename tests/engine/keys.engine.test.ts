import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { keysOf } from "../../infra/config/keys.ts";
import type { Effect } from "../../infra/config/spec.ts";
import type { EngineProject } from "../../toolchain/providers/testing/engine.ts";
import type { Does, KeyRun } from "./key-changes/change.ts";
import { keyRuns, shownElsewhere } from "./key-changes/index.ts";
import { RecordedStacks } from "./recorded-stacks.ts";
import { outcomeOf } from "./steps.ts";

/** Every key, changed on a stack that exists: the plan against what the table of keys says of it. */
let stacks: RecordedStacks;

beforeAll(async () => {
  stacks = await RecordedStacks.create();
}, 300_000);
afterAll(() => stacks[Symbol.asyncDispose]());

const worse: readonly Effect[] = ["none", "update", "restart", "replace", "refused"];

function effectOf(does: Does): Effect {
  if (does === "labelled") return "update";
  if (!("length" in does)) return "refused";
  if (does.length === 0) return "none";
  return does.some((line) => line.startsWith("replace ")) ? "replace" : "update";
}

/** Names of what carries labels or tags and is kept as it is described: the witness's object is written once and never again. */
async function labelledIn(project: EngineProject): Promise<string[]> {
  const resources = await project.resources();
  const marked = resources.filter(({ inputs }) => inputs?.["labels"] !== undefined || inputs?.["tags"] !== undefined);
  const names = marked.map(({ urn }) => urn.split("::").at(-1) ?? "").filter((name) => name !== "witness-epoch");
  return names.map((name) => `update ${name}`);
}

async function expectRun({ stack, changes, with: also = {} }: KeyRun): Promise<void> {
  const values = Object.fromEntries(changes.map(({ key, value }) => [key, value]));
  const project = await stacks.restore(stack, { ...also, ...values });
  const { operations, refused } = await outcomeOf(project);
  const reasons = changes.flatMap(({ does }) => (does === "labelled" || "length" in does ? [] : [does.refused]));
  if (reasons.length > 0) {
    const protectedOnes = reasons.flatMap((reason) => (reason instanceof RegExp ? [] : reason));
    if (protectedOnes.length > 0) expect(refused.names).toEqual([...new Set(protectedOnes)].sort());
    for (const reason of reasons) if (reason instanceof RegExp) expect(refused.text).toMatch(reason);
    expect(refused.text).not.toBe("");
    return;
  }
  const all = changes.map(({ does }) => (does === "labelled" ? labelledIn(project) : "length" in does ? does : []));
  const wanted = (await Promise.all(all)).flat();
  // What is replaced or deleted is not updated beside it.
  const ended = (line: string): boolean => ["replace", "delete"].some((op) => wanted.includes(line.replace("update", op)));
  const merged = wanted.filter((line) => !line.startsWith("update ") || !ended(line));
  expect(operations, refused.text).toEqual([...new Set(merged)].sort());
}

describe.each(Object.entries(keyRuns))("%s", (edition, runs) => {
  const name = edition as keyof typeof keyRuns;
  const changes = runs.flatMap((run) => run.changes);

  test("each key is changed once, and nothing worse comes of it than its effect says", () => {
    const specs = keysOf(name);
    expect([...changes.map(({ key }) => key), ...shownElsewhere[name]].sort()).toEqual(specs.map(([key]) => key).sort());
    for (const [key, spec] of specs) {
      const does = changes.find((one) => one.key === key)?.does;
      if (does === undefined) continue;
      const seen = effectOf(does);
      if (spec.planned === true) expect(seen, key).toBe("none");
      else
        expect(worse.indexOf(seen), `${key}: ${seen}, said to be ${spec.effect}`).toBeLessThanOrEqual(worse.indexOf(spec.effect));
      if (spec.planned !== true && ["none", "refused"].includes(spec.effect)) expect(seen, key).toBe(spec.effect);
    }
  });

  const titled = runs.map((run) => [run.changes.map(({ key }) => key).join(", "), run] as const);
  test.each(titled)("%s", async (_title, run) => expectRun(run), 120_000);
});
