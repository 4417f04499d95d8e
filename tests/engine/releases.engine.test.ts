import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { recordedNames, RecordedStacks, type RecordedName } from "./recorded-stacks.ts";
import { outcomeOf } from "./steps.ts";

/** Stacks as an earlier release left them (states/README.md), planned by the program of today. */
let stacks: RecordedStacks;

beforeAll(async () => {
  stacks = await RecordedStacks.create();
}, 300_000);
afterAll(() => stacks[Symbol.asyncDispose]());

interface Entry {
  readonly urn: string;
  readonly type: string;
  readonly protect?: boolean;
  readonly inputs?: Record<string, unknown>;
  readonly outputs?: Record<string, unknown>;
}

const nameOf = ({ urn }: Pick<Entry, "urn">): string => urn.split("::").at(-1) ?? "";
const entriesOf = (state: string): Entry[] =>
  (JSON.parse(state) as { checkpoint: { latest: { resources: Entry[] } } }).checkpoint.latest.resources;
/** Steps after which a resource is no longer the one that it was. */
const ends = /delete|replace|discard/;

/** What of a protected resource today's program would end, refuse over, or leave unprotected; sorted names. */
async function lossesOf(name: RecordedName, edit?: (state: string) => string): Promise<string[]> {
  const project = await stacks.restore(name, {}, edit);
  const guarded = entriesOf(await project.stateText()).filter(({ protect }) => protect === true);
  const { steps, refused } = await outcomeOf(project);
  if (refused.text !== "" && refused.names.length === 0) throw new Error(refused.text);
  const ended = steps.filter(({ op }) => ends.test(op)).map(nameOf);
  const kept = new Set(steps.filter(({ newState }) => newState?.protect === true).map(nameOf));
  const lost = guarded.map(nameOf).filter((each) => refused.names.includes(each) || ended.includes(each) || !kept.has(each));
  return [...new Set(lost)].sort();
}

/** The same state in which these inputs were others: what a program that asks for something else would find. */
const otherInputs =
  (changes: Readonly<Record<string, Readonly<Record<string, unknown>>>>) =>
  (text: string): string => {
    const state = JSON.parse(text) as { checkpoint: { latest: { resources: Entry[] } } };
    const found = new Set<string>();
    state.checkpoint.latest.resources = state.checkpoint.latest.resources.map((entry) => {
      const change = changes[nameOf(entry)];
      if (change === undefined) return entry;
      found.add(nameOf(entry));
      return { ...entry, inputs: { ...entry.inputs, ...change }, outputs: { ...entry.outputs, ...change } };
    });
    expect([...found].sort()).toEqual(Object.keys(changes).sort());
    return JSON.stringify(state);
  };

test.each(recordedNames)(
  "%s: nothing that holds data is replaced, deleted or left unprotected",
  async (name) => {
    expect(await lossesOf(name)).toEqual([]);
  },
  120_000,
);

/** One input of each kind of resource that holds data, the change of which would replace it. */
const mutations: readonly (readonly [RecordedName, Readonly<Record<string, Readonly<Record<string, unknown>>>>])[] = [
  [
    "starter",
    {
      "host-uploads-disk": { location: "fsn1" },
      "host-server-server": { location: "fsn1" },
      "backup-box": { location: "fsn1" },
    },
  ],
  [
    "pro-standard",
    { "cluster-database-1-data-disk": { location: "fsn1" }, "cluster-database-2-server-server": { location: "fsn1" } },
  ],
  ["pro-compact", { "cluster-node-3-data-disk": { location: "fsn1" } }],
  ["enterprise-global", { "names-zone": { name: "old.test" }, "witness-bucket-bucket": { bucket: "another-name" } }],
  [
    "enterprise-region",
    {
      "backups-bucket-bucket": { bucket: "another-name" },
      "backups-key-key": { keyUsage: "SIGN_VERIFY" },
      "cluster-cluster": { roleArn: "arn:aws:iam::123456789012:role/another" },
      "images-repository": { name: "another-name" },
      "logs-group": { name: "/another/name" },
    },
  ],
];

describe("a program that would replace what holds data", () => {
  test.each(mutations)(
    "%s: is found out",
    async (name, changes) => {
      expect(await lossesOf(name, otherInputs(changes))).toEqual(expect.arrayContaining(Object.keys(changes)));
    },
    120_000,
  );

  test("the recorded region has something of each kind to lose", async () => {
    const state = entriesOf(await (await stacks.restore("enterprise-region")).stateText());
    const guarded = state.filter(({ protect }) => protect === true).map(({ type }) => type.split(":")[2]);
    expect([...new Set(guarded)].sort()).toEqual(
      expect.arrayContaining(["Bucket", "Cluster", "Key", "LogGroup", "Repository", "Subnet", "Vpc"]),
    );
  });
});
