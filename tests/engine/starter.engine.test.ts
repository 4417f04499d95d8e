import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Thing } from "../simulator/cloud/store.ts";
import { HetznerProject } from "./hetzner-project.ts";
import { withoutIds } from "./same-state.ts";
import { atHetzner, onOwnHost, sshPrivateKey, tokens } from "./starter-project.ts";
import { architecture } from "../architecture/document.ts";
import { goldenCard } from "../cards/golden.ts";
import { operationsOf, previewOf } from "./steps.ts";

/** The starter edition's own program on the real engine; Hetzner and Cloudflare are simulated. */
let starter: HetznerProject;
const minutes = (count: number) => ({ timeout: count * 60_000 });

beforeAll(async () => {
  starter = await HetznerProject.create(atHetzner, tokens);
}, 300_000);
afterAll(() => starter[Symbol.asyncDispose]());

const server = "hcloud:index/server:Server";
const thing = (type: string): Thing => starter.simulation.things.find((each) => each.type.endsWith(`:${type}`))!;
const noStock = (serverType: string) => ({
  type: server,
  where: { serverType },
  message: "error during placement (resource_unavailable)",
});

/** Which type there is stock of is asked when it is bought (docs/decisions/0015-server-type.md). */
const assumed = "assume: { host-server-server: { serverType: cx53 } }";

const everything = [
  "DnsRecord name-a",
  "DnsRecord name-aaaa",
  "Firewall host-firewall-firewall",
  "Network host-network-network",
  "NetworkSubnet host-network-subnet",
  "PrimaryIp host-ips-ipv4",
  "PrimaryIp host-ips-ipv6",
  "Server host-server-server",
  "SshKey host-deploy-key",
  "StorageBox backup-box",
  "Volume host-uploads-disk",
  "VolumeAttachment host-uploads-mount",
];
/** What an up without any failure leaves. */
let unfailed: unknown[] = [];

describe("one stack through its life", () => {
  test(
    "up buys one server with all that belongs to it, a second preview and a refresh change nothing, and no policy is broken",
    minutes(10),
    async () => {
      const { simulation } = starter;
      await starter.reset();
      await starter.atHetzner();
      const fresh = goldenCard("starter-new", (await previewOf(simulation.project)).text, assumed);
      expect(fresh.seen).toEqual(fresh.committed);
      await starter.up();
      expect(simulation.inventory).toEqual(everything);
      expect(simulation.clouds.hcloud.faults.operations).toHaveLength(everything.length);
      unfailed = withoutIds(await simulation.project.resources(), simulation.things);
      const { text, steps, findings } = await previewOf(simulation.project);
      expect(steps).toEqual([]);
      expect(findings).toEqual([]);
      const card = goldenCard("starter", text);
      expect(card.seen).toEqual(card.committed);
      const { seen, documented } = architecture("starter", await simulation.project.stateText());
      expect(seen).toBe(documented);
      const refreshed = await simulation.project.run("refresh", "--yes", "--skip-preview", "--expect-no-changes");
      expect(refreshed).toMatchObject({ code: 0 });
      const [a, aaaa] = ["name-a", "name-aaaa"].map(
        (name) => simulation.things.find((each) => each.name === name)!.inputs["content"],
      );
      expect([a, aaaa]).toEqual([thing("Server").outputs["ipv4Address"], thing("Server").outputs["ipv6Address"]]);
      expect(await simulation.project.outputs()).toMatchObject({
        edition: "starter",
        url: "https://assistant.fidus.test",
        hosts: [
          {
            name: "fidus-a1b2c3-shop-server",
            address: a,
            port: 22,
            user: "fidus",
            hostKey: expect.stringMatching(/^ssh-ed25519 /),
          },
        ],
      });
    },
  );

  test(
    "what is bought is labelled, what holds data is protected, and no secret is in the state in clear [X-01]",
    minutes(10),
    async () => {
      const { simulation } = starter;
      const labelled = simulation.things.filter(({ type }) =>
        /:(Server|Volume|Network|Firewall|PrimaryIp|SshKey|StorageBox)$/.test(type),
      );
      expect(labelled).toHaveLength(8);
      for (const { name, inputs } of labelled)
        expect(inputs["labels"], name).toMatchObject({
          "fidus.edition": "starter",
          "fidus.stack": "shop",
          "fidus.version": expect.any(String),
        });
      const state = await simulation.project.stateText();
      for (const secret of [
        tokens.hcloudToken,
        tokens.cloudflareToken,
        "PRIVATE KEY",
        String(thing("StorageBox").inputs["password"]),
      ])
        expect(state).not.toContain(secret);
      expect(thing("Server").inputs["userData"]).toContain("PRIVATE KEY"); // it was there to be lost
    },
  );

  test("drift is found by a refresh and put right by the next up", minutes(10), async () => {
    const { simulation } = starter;
    const { hcloud } = simulation.clouds;
    const firewall = thing("Firewall");
    const open = [{ direction: "in", protocol: "tcp", port: "5432", sourceIps: ["0.0.0.0/0"] }];
    hcloud.store.put({ ...firewall, inputs: { ...firewall.inputs, rules: open }, outputs: { ...firewall.outputs, rules: open } });
    const mount = thing("VolumeAttachment");
    hcloud.store.remove(mount.type, mount.id);
    const refreshed = await simulation.project.run("refresh", "--yes", "--skip-preview");
    expect(refreshed.output).toMatch(/~ 1 updated/);
    expect(refreshed.output).toMatch(/- 1 deleted/);
    await starter.up();
    expect(thing("Firewall").inputs["rules"]).toEqual(firewall.inputs["rules"]);
    expect(simulation.inventory).toEqual(everything);
    expect(await starter.plan()).toEqual([]);
  });

  test("a destroy is refused before anything goes; told to ignore the protection it leaves nothing", minutes(10), async () => {
    const { simulation } = starter;
    const { code, output } = await simulation.project.run("destroy", "--yes"); // its preview refuses
    expect(code).not.toBe(0);
    expect(output).toContain("protected");
    expect(simulation.inventory).toEqual(everything);
    expect(await simulation.project.run("destroy", "--yes", "--skip-preview", "--ignore-protect")).toMatchObject({ code: 0 });
    expect(simulation.things).toEqual([]);
  });

  test(
    "every operation may fail, one after the other: each next up goes on, and it ends where an unfailed one ends",
    minutes(20),
    async () => {
      const { simulation } = starter;
      const { hcloud } = simulation.clouds;
      await starter.reset();
      // Which resource is the k-th differs from run to run: the program registers them as their inputs become known.
      for (let made = 0; made < everything.length; made++) {
        const which = `create ${made + 1}`;
        await simulation.forgetOperations();
        // An up makes again what failed in the one before, and fails at the next.
        const failing = made === 0 ? 1 : 2;
        hcloud.faults.faults = { failOperation: failing };
        const failed = await simulation.project.up("--parallel", "1");
        expect(failed.output, which).toContain(`injected failure of operation ${failing}: create `);
        expect(failed.code, which).not.toBe(0);
        expect(simulation.things, which).toHaveLength(made);
      }
      hcloud.faults.faults = {};
      await starter.up();
      expect(withoutIds(await simulation.project.resources(), simulation.things)).toEqual(unfailed);
      expect(simulation.inventory).toEqual(everything);
    },
  );
});

describe("a list of types, at its end and in it", () => {
  test(
    "without any stock the run ends with the list and the repair; nothing half-bought is left to ask",
    minutes(10),
    async () => {
      const { simulation, api } = starter;
      await starter.reset();
      simulation.clouds.hcloud.faults.faults = { refusals: ["cx53", "cpx62", "ccx33"].map(noStock) };
      await starter.atHetzner();
      const { code, output } = await simulation.project.up();
      expect(code).not.toBe(0);
      expect(output).toContain("serverTypes: got cx53,cpx62,ccx33; needs one that Hetzner has in nbg1 now.");
      expect(output).not.toContain(tokens.hcloudToken);
      expect(simulation.inventory.filter((name) => name.startsWith("Server"))).toEqual([]);
      expect(api.probes).toEqual([]);
    },
  );

  test(
    "a type without stock leads to the next in the same run, and the choice is kept whatever happens later [S-03]",
    minutes(15),
    async () => {
      const { simulation, api } = starter;
      api.calls.length = 0;
      simulation.clouds.hcloud.faults.faults = { refusals: [noStock("cx53")] };
      await starter.up();
      expect(thing("Server").inputs["serverType"]).toBe("cpx62");
      expect(api.calls.filter((line) => line.startsWith("POST"))).toEqual(["POST /servers cx53 412", "POST /servers cpx62 201"]);
      expect(api.probes).toEqual([]);
      const asked = api.calls.length;
      simulation.clouds.hcloud.faults.faults = { refusals: [noStock("cpx62")] };
      await starter.atHetzner({ serverTypes: "ccx33,cx53" });
      expect(await starter.plan()).toEqual([]);
      await starter.up();
      expect(thing("Server").inputs["serverType"]).toBe("cpx62");
      expect(api.calls).toHaveLength(asked);
    },
  );
});

test("a type that is gone between question and create is asked for anew on request", minutes(10), async () => {
  const { simulation } = starter;
  const { hcloud } = simulation.clouds;
  await starter.reset();
  hcloud.faults.faults = { refusals: [{ ...noStock("cx53"), type: "hcloud:index/server" }] }; // the question does not hear of it
  await starter.atHetzner();
  expect((await simulation.project.up()).output).toContain("resource_unavailable");
  hcloud.faults.faults = { refusals: [noStock("cx53")] };
  await starter.up("--replace", "**host-server-type-asked");
  expect(thing("Server").inputs["serverType"]).toBe("cpx62");
  expect(simulation.inventory).toEqual(everything);
});

test("a machine of one's own buys nothing", minutes(10), async () => {
  const { simulation } = starter;
  await starter.reset();
  await simulation.project.configure(onOwnHost, { sshPrivateKey });
  await starter.up();
  expect(simulation.things).toEqual([]);
  expect(simulation.clouds.hcloud.faults.operations).toEqual([]);
  expect(await starter.plan()).toEqual([]);
  expect(await simulation.project.outputs()).toMatchObject({ hosts: [{ address: "192.0.2.10", user: "root" }] });
  expect(await simulation.project.stateText()).not.toContain("BEGIN OPENSSH PRIVATE KEY");
});

test("records at Hetzner take the place of Cloudflare's", minutes(10), async () => {
  const { simulation } = starter;
  await starter.reset();
  await starter.atHetzner({ dnsProvider: "hetzner", dnsZone: "fidus.test" });
  await starter.up();
  expect(simulation.inventory.filter((name) => /Record|Rrset/.test(name))).toEqual(["ZoneRrset name-a", "ZoneRrset name-aaaa"]);
  expect(thing("ZoneRrset").inputs).toMatchObject({ zone: "fidus.test", name: "assistant", ttl: 60 });
  await starter.atHetzner({ dnsProvider: "hetzner", dnsZone: "other.test", domain: "assistant.other.test" });
  expect(operationsOf(await starter.plan())).toEqual(["replace name-a", "replace name-aaaa"]);
});
