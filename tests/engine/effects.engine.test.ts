import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Operation } from "../simulator/cloud/faults.ts";
import type { Thing } from "../simulator/cloud/store.ts";
import { perGroup, perHost, secrets, shapes } from "./pro-project.ts";
import { RecordedStacks, type RecordedName } from "./recorded-stacks.ts";
import { mustUp, outcomeOf } from "./steps.ts";

/** What an `up` with a changed key does to what stands: one for each effect that a key of the edition can have. */
let stacks: RecordedStacks;

beforeAll(async () => {
  stacks = await RecordedStacks.create();
}, 300_000);
afterAll(() => stacks[Symbol.asyncDispose]());

const things = (): readonly Thing[] => stacks.simulation.things;
/** Of all clouds: they share one log. */
const operations = (): readonly Operation[] => stacks.simulation.clouds.aws.faults.operations;
const keyOf = ({ type, name }: Thing): string => `${type} ${name}`;

/** `update server`: what became of each thing between two inventories; what is the same, ids and inputs, is left out. */
function difference(before: readonly Thing[], after: readonly Thing[]): string[] {
  const lines = [...new Set([...before, ...after].map(keyOf))].map((key) => {
    const [old, now] = [before, after].map((all) => all.find((thing) => keyOf(thing) === key));
    const name = (old ?? now)?.name ?? "";
    if (old === undefined) return `create ${name}`;
    if (now === undefined) return `delete ${name}`;
    // A record's id is its name and type within a zone.
    if (old.id !== now.id || old.inputs["zone"] !== now.inputs["zone"]) return `replace ${name}`;
    return JSON.stringify(old.inputs) === JSON.stringify(now.inputs) ? "" : `update ${name}`;
  });
  return lines.filter((line) => line !== "").sort();
}

type Changes = Readonly<Record<string, string | null>>;

/** Keys of a stack by their effect. Each edition's keys have these four; what they restart is not built yet. */
interface Effects {
  readonly stack: RecordedName;
  /** @default no key of it has this effect */
  readonly none?: Changes;
  readonly update: readonly [Changes, names: readonly string[]];
  /** What has to stand before something can be replaced. @default what was recorded */
  readonly first?: Changes;
  readonly replace: readonly [Changes, names: readonly string[], updatedAlong?: readonly string[]];
  /** With one of those for whose protection it is refused. */
  readonly refused: readonly [Changes, name: string];
}

describe.each<Effects>([
  {
    stack: "starter",
    none: { serverTypes: "ccx33", imageArchitectures: "x86,arm" },
    update: [
      { adminRanges: "198.19.0.0/24", uploadsSize: "60 GB", dnsTtl: "300 s" },
      ["host-firewall-firewall", "host-uploads-disk", "name-a", "name-aaaa"],
    ],
    replace: [{ cloudflareZoneId: "fedcba9876543210fedcba9876543210" }, ["name-a", "name-aaaa"]],
    refused: [{ location: "fsn1", dnsTtl: "300 s" }, "host-uploads-disk"],
  },
  {
    stack: "pro-standard",
    none: { appServerTypes: "ccx33", serverSize: "small" },
    update: [
      { adminRanges: "198.19.0.0/24", databaseSize: "250 GB", loadBalancerType: "lb21" },
      [
        "cluster-balancer-balancer",
        ...shapes.standard.data.map((host) => `cluster-${host}-data-disk`),
        ...Object.keys(shapes.standard.groups).map((group) => `cluster-${group}-firewall-firewall`),
      ],
    ],
    first: { dnsProvider: "hetzner", dnsZone: "fidus.test" },
    replace: [{ dnsProvider: "hetzner", dnsZone: "other.test", domain: "assistant.other.test" }, ["name-a", "name-aaaa"]],
    refused: [{ location: "fsn1", dnsTtl: "300 s" }, "cluster-database-1-data-disk"],
  },
  {
    stack: "enterprise-global",
    none: { drActiveRegion: "eu-west-1", drMode: "switchover" },
    update: [{ secondaryRegion: "eu-west-3" }, ["names-secondary", "names-secondary-check"]],
    replace: [
      { healthCheckInterval: "30 s" },
      ["names-primary-check", "names-secondary-check"],
      ["names-primary", "names-secondary"],
    ],
    refused: [{ witnessRegion: "us-east-2", healthCheckInterval: "30 s" }, "witness-bucket-bucket"],
  },
  {
    stack: "enterprise-region",
    // No key of it has the effect none.
    update: [
      { adminRanges: "198.19.0.0/24", gpuNodesMax: "6", logRetention: "90 days" },
      ["cluster-cluster", "cluster-logs", "gpu-group", "logs-group"],
    ],
    replace: [{ gpuInstanceTypes: "g6.2xlarge" }, ["gpu-group"]],
    refused: [{ vpcRange: "10.50.0.0/16", logRetention: "90 days" }, "network-vpc"],
  },
])("$stack", ({ stack, none, update, first, replace, refused }) => {
  let before: readonly Thing[] = [];
  beforeEach(async () => {
    await stacks.deploy(stack);
    before = things();
  });

  async function up(changes: Changes, ...args: readonly string[]): Promise<{ code: number | null; output: string }> {
    return (await stacks.configure(stack, changes)).run("up", "--yes", ...args);
  }
  async function mustChange(changes: Changes): Promise<string[]> {
    const { code, output } = await up(changes, "--skip-preview");
    expect(code, output).toBe(0);
    return difference(before, things());
  }

  if (none !== undefined)
    test("an up with a key without effect asks nothing of the clouds", async () => {
      expect(await mustChange(none)).toEqual([]);
      expect(operations()).toEqual([]);
    });

  test("an up with keys that update changes these things in place, and nothing else", async () => {
    const [changes, names] = update;
    expect(await mustChange(changes)).toEqual(names.map((name) => `update ${name}`).sort());
  });

  test("an up with a key that replaces makes these things anew, and nothing else", async () => {
    if (first !== undefined) await mustChange(first);
    before = things();
    const [changes, names, along = []] = replace;
    const wanted = [...names.map((name) => `replace ${name}`), ...along.map((name) => `update ${name}`)];
    expect(await mustChange(changes)).toEqual(wanted.sort());
    const order = operations().map(({ kind, name }) => `${kind} ${name}`);
    // New machines come before the old ones go.
    if (names.includes("gpu-group")) expect(order).toEqual(["create gpu-group", "delete gpu-group"]);
  });

  test("an up with a key that is refused touches nothing, not even what another key changes", async () => {
    const [changes, name] = refused;
    const { code, output } = await up(changes);
    expect(code).not.toBe(0);
    expect(output).toMatch(new RegExp(`::${name}"\\s+as it is currently marked for protection`));
    expect(difference(before, things())).toEqual([]);
    expect(operations()).toEqual([]);
  });
});

const mustUpWith = async (stack: RecordedName, changes: Changes): Promise<void> =>
  void (await mustUp(await stacks.configure(stack, changes)));
const ownModelElsewhere = { llmRuntime: "vllm", llmBaseUrl: "https://llm.fidus.test/v1" };

test("app hosts come and go by their number and the model's host with its runtime; a database host cannot go unasked", async () => {
  await stacks.deploy("pro-standard");
  const before = stacks.simulation.inventory;
  await mustUpWith("pro-standard", { appHosts: "4", databaseHosts: "3" });
  const balanced = things().filter(({ type }) => type.endsWith(":LoadBalancerTarget"));
  expect(balanced).toHaveLength(4);
  const { refused } = await outcomeOf(await stacks.configure("pro-standard", { appHosts: "4" }));
  expect(refused.text).toMatch(/cluster-database-3-data-disk[^]*protected/);
  await mustUpWith("pro-standard", { databaseHosts: "3", ...ownModelElsewhere });
  const now = stacks.simulation.inventory;
  expect(now.filter((name) => !before.includes(name))).toEqual(perHost("database-3", true));
  expect(before.filter((name) => !now.includes(name))).toEqual([...perGroup("llm"), ...perHost("llm", false)].sort());
}, 300_000);

test("without stock for a role the run ends with the key of its list", async () => {
  await stacks.deploy("pro-standard");
  const type = "hcloud:index/server:Server";
  const noStock = { type, where: { serverType: "ccx13" }, message: "error during placement" };
  stacks.simulation.clouds.hcloud.faults.faults = { refusals: [noStock] };
  const project = await stacks.configure("pro-standard", { appHosts: "4", appServerTypes: "ccx13" });
  const { code, output } = await project.up();
  expect(code).not.toBe(0);
  expect(output).toContain("appServerTypes: got ccx13; needs one that Hetzner has in nbg1 now.");
  expect(output).not.toContain(secrets.hcloudToken);
});
