import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Recorded } from "../../toolchain/providers/testing/engine.ts";
import type { WireMap } from "../../toolchain/providers/values.ts";
import type { Thing } from "../simulator/cloud/store.ts";
import { HetznerProject } from "./hetzner-project.ts";
import { atHetzner, perCluster, perGroup, perHost, secrets, shapes } from "./pro-project.ts";
import { withoutIds } from "./same-state.ts";
import { architecture } from "../architecture/document.ts";
import { goldenCard } from "../cards/golden.ts";
import { previewOf, type PlannedStep } from "./steps.ts";

/** The pro edition's own program on the real engine; Hetzner and Cloudflare are simulated. */
let pro: HetznerProject;
const patience = 600_000;
/** What an up of topology compact leaves without any failure. */
let unfailed: { readonly resources: unknown[]; readonly types: readonly string[] } = { resources: [], types: [] };

beforeAll(async () => {
  pro = await HetznerProject.create(atHetzner, secrets);
}, patience);
afterAll(() => pro[Symbol.asyncDispose]());

const things = (type: string): Thing[] => pro.simulation.things.filter((each) => each.type.endsWith(`:${type}`));
const thing = (type: string, name: string): Thing => things(type).find((each) => each.name === name)!;
const balancer = (): Thing => things("LoadBalancer")[0]!;
const operations = (steps: readonly PlannedStep[]): string[] => {
  const bought = steps.filter(({ urn }) => !/fidus:\w+:\w+::[^:]*$/.test(urn));
  return bought.map(({ op, urn }) => `${op} ${urn.split("::").at(-1)}`).sort();
};

describe.each(Object.entries(shapes))("topology %s", (topology, { groups, data, balanced, expendable }) => {
  const hosts = Object.values(groups).flat();
  const everything = [
    ...perCluster,
    ...Object.keys(groups).flatMap(perGroup),
    ...hosts.flatMap((host) => perHost(host, data.includes(host))),
    ...balanced.map((host) => `LoadBalancerTarget cluster-balancer-${host}`),
  ].sort();

  beforeAll(async () => {
    await pro.reset();
    await pro.atHetzner({ topology });
  }, patience);

  test(
    "the first preview names everything that will be bought, and asks Hetzner nothing",
    async () => {
      const { steps, text } = await previewOf(pro.simulation.project);
      const card = goldenCard(`pro-${topology}-new`, text);
      expect(card.seen).toEqual(card.committed);
      const bought = operations(steps).filter(
        (step) => !/-(host-key|pair|asked)$|^create (fidus-shop|hetzner|cloudflare)$/.test(step),
      );
      expect(bought).toEqual(everything.map((name) => name.replace(/^\w+/, "create")).sort());
      expect([...pro.api.calls, ...pro.simulation.things]).toEqual([]);
    },
    patience,
  );

  test(
    "up buys every host of the table with all that belongs to it, a second preview and a refresh change nothing, and no policy is broken [P-03]",
    async () => {
      const { simulation } = pro;
      await pro.up();
      expect(simulation.inventory).toEqual(everything);
      if (topology === "compact") {
        const types = [...new Set(simulation.things.map(({ type }) => type))].sort();
        unfailed = { resources: withoutIds(await simulation.project.resources(), simulation.things), types };
      }
      const { text, steps, findings } = await previewOf(simulation.project);
      expect(operations(steps)).toEqual([]);
      expect(findings).toEqual([]);
      const card = goldenCard(`pro-${topology}`, text);
      expect(card.seen).toEqual(card.committed);
      const { seen, documented } = architecture(`pro ${topology}`, await simulation.project.stateText());
      expect(seen).toBe(documented);
      const refreshed = await simulation.project.run("refresh", "--yes", "--skip-preview", "--expect-no-changes");
      expect(refreshed).toMatchObject({ code: 0 });
    },
    patience,
  );

  test("the name leads to the balancer, which passes TCP with the caller's address to the app hosts over the private network", async () => {
    const [a, aaaa] = ["name-a", "name-aaaa"].map((name) => thing("DnsRecord", name).inputs["content"]);
    expect([a, aaaa]).toEqual([balancer().outputs["ipv4"], balancer().outputs["ipv6"]]);
    const ids = balanced.map((host) => Number(thing("Server", `cluster-${host}-server-server`).id));
    const targets = things("LoadBalancerTarget").map(({ inputs }) => [inputs["serverId"], inputs["usePrivateIp"]]);
    expect(targets.sort()).toEqual(ids.map((id) => [id, true]).sort());
    const services = things("LoadBalancerService").map(({ inputs }) => [
      ...[inputs["protocol"], inputs["listenPort"], inputs["destinationPort"], inputs["proxyprotocol"]],
      (inputs["healthCheck"] as WireMap)["port"],
    ]);
    expect(services.sort()).toEqual([
      ["tcp", 443, 443, true, 8082],
      ["tcp", 80, 80, true, 80],
    ]);
    const outputs = await pro.simulation.project.outputs();
    expect(outputs).toMatchObject({ edition: "pro", url: "https://assistant.fidus.test", apiContainer: null });
    expect((outputs["hosts"] as Record<string, unknown>[]).map(({ name, user, port }) => [name, user, port])).toEqual(
      hosts.map((host) => [`fidus-a1b2c3-shop-${host}`, "fidus", 22]),
    );
  });

  test("from outside a server is reached by administrators over SSH alone: no web, no database, cache or etcd port [X-07]", () => {
    expect(things("Server").map(({ inputs }) => (inputs["firewallIds"] as unknown[]).length)).toEqual(hosts.map(() => 1));
    const rules = things("Firewall").flatMap(({ inputs }) => inputs["rules"] as WireMap[]);
    const open = rules.filter(({ protocol }) => protocol !== "icmp").map(({ port, sourceIps }) => `${port} ${String(sourceIps)}`);
    expect(new Set(open)).toEqual(new Set(["22 198.18.7.0/24,fd12:3456:789a::/48"]));
  });

  test("hosts that are alike are in one spread placement group, other hosts in others", () => {
    for (const [group, members] of Object.entries(groups)) {
      const { id, inputs } = thing("PlacementGroup", `cluster-${group}-apart`);
      expect(inputs["type"]).toBe("spread");
      const inside = things("Server").filter((server) => server.inputs["placementGroupId"] === Number(id));
      expect(inside.map(({ name }) => name).sort()).toEqual(members.map((host) => `cluster-${host}-server-server`).sort());
    }
  });

  test("what is bought is labelled, what holds data or votes is protected, and no secret is in the state in clear [X-01]", async () => {
    const labelled = pro.simulation.things.filter(({ inputs }) => "labels" in inputs);
    const unlabelled = /:(DnsRecord|NetworkSubnet|VolumeAttachment|LoadBalancer(Network|Service|Target))$/;
    expect(labelled.length).toBe(pro.simulation.things.filter(({ type }) => !unlabelled.test(type)).length);
    for (const { name, inputs } of labelled)
      expect(inputs["labels"], name).toMatchObject({
        "fidus.edition": "pro",
        "fidus.stack": "shop",
        "fidus.version": expect.any(String),
      });
    const state = await pro.simulation.project.stateText();
    for (const secret of [...Object.values(secrets), "PRIVATE KEY"]) expect(state).not.toContain(secret);
    const recorded = (await pro.simulation.project.resources()) as (Recorded & { protect?: boolean })[];
    const stateful = recorded.filter(({ type }) => /:(Server|Volume|Network|NetworkSubnet|LoadBalancer|PrimaryIp)$/.test(type));
    const loose = stateful.filter(({ protect }) => protect !== true).map(({ urn }) => urn.split("::").at(-1));
    expect(loose.sort()).toEqual(
      expendable.flatMap((host) => [`ips-ipv4`, `ips-ipv6`, `server-server`].map((part) => `cluster-${host}-${part}`)),
    );
  });

  test(
    "drift is found by a refresh and put right by the next up",
    async () => {
      const { hcloud } = pro.simulation.clouds;
      const firewall = things("Firewall")[0]!;
      const open = [{ direction: "in", protocol: "tcp", port: "5432", sourceIps: ["0.0.0.0/0"] }];
      hcloud.store.put({
        ...firewall,
        inputs: { ...firewall.inputs, rules: open },
        outputs: { ...firewall.outputs, rules: open },
      });
      for (const type of ["LoadBalancerTarget", "VolumeAttachment"]) {
        const gone = things(type)[0]!;
        hcloud.store.remove(gone.type, gone.id);
      }
      const refreshed = await pro.simulation.project.run("refresh", "--yes", "--skip-preview");
      expect(refreshed.output).toMatch(/~ 1 updated/);
      expect(refreshed.output).toMatch(/- 2 deleted/);
      await pro.up();
      expect(thing("Firewall", firewall.name).inputs["rules"]).toEqual(firewall.inputs["rules"]);
      expect(pro.simulation.inventory).toEqual(everything);
    },
    patience,
  );

  test(
    "a destroy is refused before anything goes; told to ignore the protection it leaves nothing",
    async () => {
      const { code, output } = await pro.simulation.project.run("destroy", "--yes"); // its preview refuses
      expect(code).not.toBe(0);
      expect(output).toContain("protected");
      expect(pro.simulation.inventory).toEqual(everything);
      const destroyed = await pro.simulation.project.run("destroy", "--yes", "--skip-preview", "--ignore-protect");
      expect(destroyed).toMatchObject({ code: 0 });
      expect(pro.simulation.things).toEqual([]);
    },
    patience,
  );
});

test(
  "every type may fail once: the next up goes on and ends where an unfailed one ends",
  async () => {
    const { simulation } = pro;
    const { hcloud } = simulation.clouds;
    const { types } = unfailed;
    expect(types).toHaveLength(14);
    await pro.reset();
    await pro.atHetzner({ topology: "compact" });
    const failed = new Set<string>();
    for (;;) {
      const left = types.filter((type) => !failed.has(type));
      hcloud.faults.faults = { refusals: left.map((type) => ({ type, message: `injected failure of ${type}.` })) };
      const { code, output } = await simulation.project.up();
      const now = left.filter((type) => output.includes(`injected failure of ${type}.`));
      expect(code === 0, output).toBe(now.length === 0);
      if (code === 0) break;
      for (const type of now) failed.add(type);
    }
    expect([...failed].sort()).toEqual(types);
    expect(withoutIds(await simulation.project.resources(), simulation.things)).toEqual(unfailed.resources);
  },
  patience,
);
