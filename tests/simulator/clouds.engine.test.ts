import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { Simulation } from "./testing/simulation.ts";

/**
 * The simulated clouds under the real engine. Resources are registered without the SDK's classes, which would drop or refuse
 * some mistakes before a provider sees them.
 */
let simulation: Simulation;
const limit = { timeout: 120_000 };

beforeAll(async () => {
  simulation = await Simulation.create();
}, 120_000);
afterAll(() => simulation[Symbol.asyncDispose]());
beforeEach(() => simulation.reset());

const token = "a".repeat(64);
const head = `
  const { Provider } = await import("@pulumi/hcloud/provider.js");
  const provider = new Provider("hetzner", { token: pulumi.secret("${token}") });
  const add = (type, name, props, opts = {}) => new pulumi.CustomResource(type, name, props, { provider, ...opts });
  const labels = { edition: "starter" };`;
const volume = "hcloud:index/volume:Volume";
const good = `{ name: "data", size: 40, location: "fsn1", labels }`;

const mistakes = {
  "a missing input": ["{ ...good, size: undefined }", "size: got nothing; needs a value"],
  "an unknown name": ["{ ...good, sise: 40 }", "sise: got an unknown name; needs one of"],
  "a wrong primitive": ['{ ...good, size: "40" }', "size: got a string; needs a number"],
  "a text for an integer id": ['{ volumeId: "1000001", serverId: 1 }', "volumeId: got a string; needs a number"],
  "a fraction for an integer id": ["{ volumeId: 1.5, serverId: 1 }", "volumeId: got another value; needs the id of a Volume"],
  "a value outside its set": ['{ ...good, location: "mars1" }', "location: got another value; needs one of fsn1"],
  "a value outside its range": ["{ ...good, size: 9 }", "size: got another value; needs a whole number from 10 to 10240"],
  "a range with host bits": [
    '{ name: "net", labels, ipRange: "10.0.0.1/16" }',
    "ipRange: got another value; needs an IPv4 range",
  ],
  "a nested name that does not exist": [
    '{ name: "fw", labels, rules: [{ direction: "in", protocol: "tcp", port: "80", sourceIPs: ["::/0"] }] }',
    "rules[0].sourceIPs: got an unknown name",
  ],
  "an input nobody has confirmed": [
    "{ ...good, automount: true }",
    "automount: the simulated cloud has no confirmed rule for it",
  ],
} as const;

function typeOf(inputs: string): string {
  if (inputs.includes("volumeId")) return "hcloud:index/volumeAttachment:VolumeAttachment";
  if (inputs.includes("ipRange")) return "hcloud:index/network:Network";
  return inputs.includes("rules") ? "hcloud:index/firewall:Firewall" : volume;
}

for (const [mistake, [inputs, message]] of Object.entries(mistakes)) {
  test(`a plan with ${mistake} is refused before anything is made`, limit, async () => {
    await simulation.project.program(`${head}\n const good = ${good};\n add("${typeOf(inputs)}", "wrong", ${inputs});`);
    const { code, output } = await simulation.project.run("preview");
    expect(code, output).not.toBe(0);
    expect(output).toContain(message);
    expect(simulation.things).toEqual([]);
  });
}

const pair = (size: number): string => `${head}
  const disk = add("${volume}", "disk", { name: "data", size: ${size}, location: "fsn1", labels, linuxDevice: undefined });
  const server = add("hcloud:index/server:Server", "server", { name: "app", serverType: "cx53", image: "debian-13", location: "fsn1",
    labels, userData: pulumi.secret("#cloud-config\\nkey: top-secret-value"), ipv4Address: undefined });
  add("hcloud:index/volumeAttachment:VolumeAttachment", "mount",
    { volumeId: disk.id.apply(Number), serverId: server.id.apply(Number) });
  return { device: disk.linuxDevice, address: server.ipv4Address };`;

test(
  "a plan shows unknown outputs, an up makes them, a second preview changes nothing, a destroy leaves nothing",
  limit,
  async () => {
    const { project } = simulation;
    await project.program(pair(40));
    const preview = await project.run("preview");
    expect(preview.output).toContain("simulated hcloud: no real cloud is touched");
    expect(preview.output).toMatch(/device *: \[unknown\]/);
    expect(await project.up()).toMatchObject({ code: 0 });
    expect(simulation.inventory).toEqual(["Server server", "Volume disk", "VolumeAttachment mount"]);
    expect(await project.outputs()).toEqual({
      device: expect.stringMatching(/^\/dev\/disk\/by-id\/scsi-0HC_Volume_\d+$/),
      address: expect.stringMatching(/^198\.18\.\d+\.\d+$/),
    });
    expect(await project.stateText()).not.toContain("top-secret-value");
    await project.expectNoChange();
    expect(await project.run("destroy", "--yes", "--skip-preview")).toMatchObject({ code: 0 });
    expect(simulation.things).toEqual([]);
  },
);

test("what a person changed or removed is found by a refresh and put right by the next up", limit, async () => {
  const { project, clouds } = simulation;
  await project.program(pair(40));
  expect(await project.up()).toMatchObject({ code: 0 });
  const [disk, mount] = ["disk", "mount"].map((name) => simulation.things.find((thing) => thing.name === name)!);
  clouds.hcloud.store.put({ ...disk!, inputs: { ...disk!.inputs, size: 50 }, outputs: { ...disk!.outputs, size: 50 } });
  clouds.hcloud.store.remove(mount!.type, mount!.id);
  expect((await project.run("refresh", "--yes", "--skip-preview")).output).toMatch(/~ 1 updated\s+- 1 deleted/);
  await project.program(pair(60)); // a volume does not shrink: the program follows
  const { output } = await project.up();
  expect(output).toMatch(/\+ 1 created\s+~ 1 updated/);
  expect(simulation.things.find(({ name }) => name === "disk")?.inputs["size"]).toBe(60);
  await project.expectNoChange();
});
