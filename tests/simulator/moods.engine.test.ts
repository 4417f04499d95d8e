import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { Simulation } from "./testing/simulation.ts";

/** Clouds that are asked, that are busy, full, or away: under the real engine, by raw calls. */
let simulation: Simulation;
const limit = { timeout: 120_000 };

beforeAll(async () => {
  simulation = await Simulation.create();
}, 120_000);
afterAll(() => simulation[Symbol.asyncDispose]());
beforeEach(() => simulation.reset());

const atHetzner = `
  const { Provider } = await import("@pulumi/hcloud/provider.js");
  const provider = new Provider("hetzner", { token: pulumi.secret("${"a".repeat(64)}") });
  const add = (type, name, props) => new pulumi.CustomResource("hcloud:index/" + type, name, props, { provider });
  const labels = { edition: "starter" };
  const ask = (name, args = {}) => pulumi.runtime.invoke("hcloud:index/" + name + ":" + name, args, { provider });`;

const tags = ["edition", "environment", "installation", "role", "stack", "version"].map((key) => `"fidus.${key}": "x"`).join();
const atAws = `
  const { Provider } = await import("@pulumi/aws/provider.js");
  const provider = new Provider("aws", { region: "eu-west-1", allowedAccountIds: ["210987654321"] });
  const add = (type, name, props) => new pulumi.CustomResource("aws:" + type, name, props, { provider });
  const tags = { ${tags} };
  const ask = (name, args = {}) => pulumi.runtime.invoke("aws:index/" + name + ":" + name, args, { provider });`;

const volume = (name: string, size = 10): string =>
  `add("volume:Volume", "${name}", { name: "${name}", size: ${size}, location: "fsn1", labels });`;
const vpc = (name: string): string => `add("ec2/vpc:Vpc", "${name}", { cidrBlock: "10.1.0.0/16", tags });`;

test("Hetzner says what it sells, what is sold out and what exists by its name", limit, async () => {
  const { project, clouds } = simulation;
  clouds.hcloud.faults.faults = { soldOut: ["cx53"] };
  await project.program(`${atHetzner}
    const network = add("network:Network", "net", { name: "net", labels, ipRange: "10.0.0.0/16" });
    const [types, one, image, centers, locations, location] = await Promise.all([ask("getServerTypes"),
      ask("getServerType", { name: "cx53" }), ask("getImage", { name: "debian-13", withArchitecture: "arm" }),
      ask("getDatacenters"), ask("getLocations"), ask("getLocation", { id: 3 })]);
    const found = network.urn.apply(() => ask("getNetwork", { name: "net" }));
    return { types: types.names.length, one, image: [image.osFlavor, image.osVersion, image.architecture],
      stock: centers.datacenters[0].supportedServerTypeIds.length - centers.datacenters[0].availableServerTypeIds.length,
      locations: locations.names, location: location.name, range: found.ipRange };`);
  const { code, output } = await project.up();
  expect(code, output).toBe(0);
  expect(await project.outputs()).toMatchObject({
    types: 25,
    one: {
      cores: 16,
      memory: 32,
      disk: 320,
      architecture: "x86",
      locations: expect.arrayContaining([expect.objectContaining({ name: "fsn1", available: false })]),
    },
    image: ["debian", "13", "arm"],
    stock: 1,
    locations: ["fsn1", "nbg1", "hel1", "ash", "hil", "sin"],
    location: "hel1",
    range: "10.0.0.0/16",
  });
});

test("AWS says who asks, and where", limit, async () => {
  const { project } = simulation;
  await project.program(`${atAws}
    const [caller, region, zones, partition] = await Promise.all([ask("getCallerIdentity"), ask("getRegion"),
      ask("getAvailabilityZones", { state: "available" }), ask("getPartition")]);
    return { account: caller.accountId, region: region.region, zones: zones.zoneIds, partition: partition.partition };`);
  const { code, output } = await project.up();
  expect(code, output).toBe(0);
  expect(await project.outputs()).toEqual({
    account: "210987654321",
    region: "eu-west-1",
    zones: ["euw1-az1", "euw1-az2", "euw1-az3"],
    partition: "aws",
  });
});

const badQuestions = {
  "a function that this cloud does not know, by its name": [
    `await ask("getIsos");`,
    "hcloud:index/getIsos:getIsos: got an unknown function",
  ],
  "an argument that nobody has confirmed": [`await ask("getServerType", { nmae: "cx53" });`, "nmae: got an unknown name"],
  "a question for what does not exist": [`await ask("getNetwork", { name: "net" });`, "there is none (not_found)"],
} as const;

test.each(Object.entries(badQuestions))("Hetzner refuses %s", limit, async (_what, [question, message]) => {
  await simulation.project.program(`${atHetzner}\n${question}`);
  const { code, output } = await simulation.project.run("preview");
  expect(code, output).not.toBe(0);
  expect(output).toContain(message);
});

test("a failure may fall on a question too, and the next run goes on", limit, async () => {
  const { project, clouds } = simulation;
  clouds.hcloud.faults.faults = {
    refusals: [{ type: "hcloud:index/getImage", kind: "invoke", message: "service_error", times: 1 }],
  };
  await project.program(`${atHetzner}\n return { image: (await ask("getImage", { name: "debian-13" })).id };`);
  const failed = await project.up();
  expect([failed.code === 0, failed.output]).toEqual([false, expect.stringContaining("service_error")]);
  expect(await project.up()).toMatchObject({ code: 0 });
});

test("too many calls slow an up down as often as the provider tries again, and end it after that", limit, async () => {
  const { project, clouds } = simulation;
  clouds.hcloud.faults.faults = { throttles: [{ type: "hcloud:index/volume", calls: 5 }] };
  await project.program(`${atHetzner}\n ${volume("one")}`);
  expect(await project.up()).toMatchObject({ code: 0 });
  expect(clouds.hcloud.faults.throttled(0)).toBe(5);
  clouds.hcloud.faults.faults = { throttles: [{ type: "hcloud:index/volume", calls: 5 + 6 }] };
  await project.program(`${atHetzner}\n ${volume("one")} ${volume("two")}`);
  const { code, output } = await project.up();
  expect([code === 0, output]).toEqual([false, expect.stringContaining("(rate_limit_exceeded)")]);
  expect(await project.up()).toMatchObject({ code: 0 });
  expect(simulation.inventory).toEqual(["Volume one", "Volume two"]);
});

test.each([
  ["Hetzner", atHetzner, { "hcloud:index/volume:Volume": 1 }, volume, "(resource_limit_exceeded)"],
  ["AWS", atAws, { "aws:ec2/vpc:Vpc": 1 }, vpc, "(VpcLimitExceeded)"],
] as const)(
  "an account's limit at %s ends the up in the vendor's words; raised, the same program goes on",
  limit,
  async (_vendor, head, quotas, one, says) => {
    const { project, clouds } = simulation;
    clouds.aws.faults.faults = { quotas };
    await project.program(`${head}\n ${one("one")} ${one("two")}`);
    const { code, output } = await project.up();
    expect([code === 0, output]).toEqual([false, expect.stringContaining(says)]);
    expect(simulation.things).toHaveLength(1);
    clouds.aws.faults.faults = {};
    expect(await project.up()).toMatchObject({ code: 0 });
    expect(simulation.things).toHaveLength(2);
  },
);

test("a region that is down answers neither up nor refresh nor question, and nothing of it is forgotten", limit, async () => {
  const { project, clouds } = simulation;
  await project.program(`${atAws}\n ${vpc("one")}`);
  expect(await project.up()).toMatchObject({ code: 0 });
  const message = "eu-west-1 does not answer (ServiceUnavailable)";
  clouds.aws.faults.faults = { refusals: [{ type: "aws:", kind: "any", settings: { region: "eu-west-1" }, message }] };
  const before = (await project.resources()).map(({ id }) => id);
  const refreshed = await project.run("refresh", "--yes", "--skip-preview");
  expect([refreshed.code === 0, refreshed.output]).toEqual([false, expect.stringContaining(message)]);
  await project.program(`${atAws}\n ${vpc("one")} await ask("getAvailabilityZones");`);
  expect((await project.up()).output).toContain(message);
  expect((await project.resources()).map(({ id }) => id)).toEqual(before);
});

const unready = (type: string, id: string, inputs: Record<string, string>, outputs: Record<string, string> = {}) => ({
  type,
  id,
  name: "being-made",
  inputs,
  outputs: { ...inputs, ...outputs },
  ready: false,
  begun: Date.now(),
});

test("Hetzner's provider waits for a server that another run is still making", limit, async () => {
  const { project, clouds } = simulation;
  const type = "hcloud:index/server:Server";
  const inputs = { name: "app", serverType: "cx53", image: "debian-13", location: "fsn1" };
  clouds.hcloud.faults.faults = { endless: [type] };
  clouds.hcloud.store.put(unready(type, "7", inputs));
  await project.program(`${atHetzner}\n const disk = ${volume("disk")}
    add("volumeAttachment:VolumeAttachment", "mount", { volumeId: disk.id.apply(Number), serverId: 7 });`);
  const run = project.start("up", "--yes", "--skip-preview");
  const asked = (): boolean => clouds.hcloud.faults.operations.some(({ name }) => name === "mount");
  await expect.poll(asked, { timeout: 60_000 }).toBe(true);
  expect(simulation.inventory).not.toContain("VolumeAttachment mount");
  clouds.hcloud.faults.faults = {};
  expect(await run.ended).toMatchObject({ code: 0 });
  expect(simulation.inventory).toContain("VolumeAttachment mount");
});

test("AWS refuses what builds on a cluster that is not active yet", limit, async () => {
  const { project, clouds } = simulation;
  const type = "aws:eks/cluster:Cluster";
  clouds.aws.faults.faults = { endless: [type] };
  clouds.aws.store.put(unready(type, "shop", { name: "shop" }));
  await project.program(`${atAws}
    add("eks/accessEntry:AccessEntry", "admin", { clusterName: "shop", principalArn: "arn:aws:iam::210987654321:role/platform", type: "STANDARD", tags });`);
  const { code, output } = await project.up();
  expect([code === 0, output]).toEqual([false, expect.stringContaining("is not in ACTIVE status (InvalidRequestException)")]);
  clouds.aws.faults.faults = {};
  expect(await project.up()).toMatchObject({ code: 0 });
});
