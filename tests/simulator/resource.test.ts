import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { hasUnknown, secret, unknownSentinel } from "../../toolchain/providers/values.ts";
import { create, step } from "../../toolchain/providers/testing/steps.ts";
import type { Cloud } from "./cloud/cloud.ts";
import { openCloud } from "./plugin.ts";
import { simulatedResource } from "./resource.ts";

let folder: string;
let cloud: Cloud;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fidus-cloud-"));
  cloud = openCloud("hcloud", folder);
});
afterEach(() => rmSync(folder, { recursive: true }));

const token = { volume: "hcloud:index/volume:Volume", server: "hcloud:index/server:Server", key: "hcloud:index/sshKey:SshKey" };
const labels = { edition: "starter" };
const volume = { name: "data", size: 40, location: "fsn1", labels };
const server = { name: "app", serverType: "cx53", image: "debian-13", location: "fsn1", labels };
const of = (type: string) => simulatedResource(cloud, type);
const exists = () => cloud.store.all().map(({ type, id }) => `${type.split(":")[2]} ${id}`);

test("a created resource has an id, computed outputs and is found by another process", async () => {
  const { id, state } = await create(of(token.volume), volume);
  expect(id).toMatch(/^\d+$/);
  expect(state).toMatchObject({ ...volume, linuxDevice: `/dev/disk/by-id/scsi-0HC_Volume_${id}`, deleteProtection: false });
  expect(openCloud("hcloud", folder).store.find(token.volume, id)).toMatchObject({ id, ready: true, inputs: volume });
});

test("a preview makes nothing: outputs are unknown before the create and known before an update", () => {
  const planned = of(token.volume).previewCreate(volume);
  expect(planned["linuxDevice"]).toBe(unknownSentinel);
  const changed = of(token.volume).previewUpdate({ ...volume, size: 50 }, { ...volume, linuxDevice: "d", automount: false });
  expect(changed).toMatchObject({ size: 50, linuxDevice: "d", automount: false });
  expect(hasUnknown(changed["linuxDevice"] ?? null)).toBe(false);
  expect(exists()).toEqual([]);
});

test("unknown inputs pass the check; the known ones beside them are looked at", () => {
  const attachment = of("hcloud:index/volumeAttachment:VolumeAttachment");
  expect(attachment.check({ volumeId: unknownSentinel, serverId: unknownSentinel }).failures).toEqual([]);
  expect(attachment.check({ volumeId: unknownSentinel, serverId: "1" }).failures).toEqual([
    { property: "serverId", reason: "got a string; needs a number. Fix the program" },
  ]);
});

test("a rule over several inputs is looked at when all are known", () => {
  const { failures } = of(token.server).check({ ...server, serverType: "cpx41" });
  expect(failures).toEqual([{ property: "location", reason: "this type is sold in ash, hil only" }]);
  expect(of(token.server).check({ ...server, serverType: "cpx41", userData: unknownSentinel }).failures).toEqual([]);
});

test("a resource that refers to one that does not exist is not made", async () => {
  await expect(create(of(token.server), { ...server, firewallIds: [7] })).rejects.toThrow(
    "firewallIds[0]: no such hcloud:index/firewall:Firewall (not_found)",
  );
  expect(exists()).toEqual([]);
});

test("a name is taken only once per type", async () => {
  await create(of(token.volume), volume);
  await expect(create(of(token.volume), volume)).rejects.toThrow("name: in use already (uniqueness_error)");
  await create(of(token.volume), { ...volume, name: "data-2" });
  expect(exists()).toHaveLength(2);
});

test("what is in use cannot be deleted, unless the vendor allows it", async () => {
  const key = await create(of(token.key), { name: "k", labels, publicKey: "ssh-ed25519 AAAA" });
  const disk = await create(of(token.volume), volume);
  const { id } = await create(of(token.server), { ...server, sshKeys: [key.id] });
  const attachment = { volumeId: Number(disk.id), serverId: Number(id) };
  await create(of("hcloud:index/volumeAttachment:VolumeAttachment"), attachment, "mount");
  await expect(of(token.volume).delete(step(token.volume, disk.id, volume))).rejects.toThrow("in use by mount (resource_in_use)");
  await of(token.key).delete(step(token.key, key.id, {}));
  expect(exists()).toEqual([`Server ${id}`, `Volume ${disk.id}`, `VolumeAttachment ${disk.id}`]);
});

test("an update keeps what was computed, and one that the vendor refuses changes nothing", async () => {
  const { id, state } = await create(of(token.volume), volume);
  const grown = await of(token.volume).update(step(token.volume, id, { ...volume, size: 50 }));
  expect(grown).toEqual({ ...state, size: 50 });
  await expect(of(token.volume).update(step(token.volume, id, { ...volume, size: 20 }))).rejects.toThrow("a volume only grows");
  expect(cloud.store.find(token.volume, id)?.inputs["size"]).toBe(50);
});

test("a server's type changes within its architecture only, and never to a smaller disk", async () => {
  const { id } = await create(of(token.server), { ...server, serverType: "cx43" });
  const change = (serverType: string) => of(token.server).update(step(token.server, id, { ...server, serverType }));
  await expect(change("cax31")).rejects.toThrow("another architecture needs a new server");
  await expect(change("cx23")).rejects.toThrow("the disk would shrink");
  expect(await change("cx53")).toMatchObject({ serverType: "cx53" });
});

test("a read finds what a person changed behind the engine's back, and null for what is gone", async () => {
  const { id, state } = await create(of(token.volume), volume);
  const recorded = { id, inputs: volume, state };
  expect(of(token.volume).read(recorded)).toEqual(recorded);
  const thing = cloud.store.find(token.volume, id)!;
  cloud.store.put({ ...thing, inputs: { ...volume, size: 60 }, outputs: { ...thing.outputs, size: 60 } });
  expect(of(token.volume).read(recorded)).toMatchObject({ inputs: { size: 60 }, state: { size: 60 } });
  cloud.store.remove(token.volume, id);
  expect(of(token.volume).read(recorded)).toBeNull();
});

test("a secret input stays secret in state and in reads, drifted or not, and the SDK's secret outputs are sealed", async () => {
  const userData = "#cloud-config\nhost key";
  const wire = { ...server, userData: secret(userData) };
  const { id, state } = await create(of(token.server), wire);
  expect(state["userData"]).toEqual(secret(userData));
  expect(of(token.server).read({ id, inputs: wire, state })?.inputs["userData"]).toEqual(secret(userData));
  const thing = cloud.store.find(token.server, id)!;
  expect(thing.inputs["userData"]).toBe(userData);
  cloud.store.put({ ...thing, inputs: { ...thing.inputs, userData: "#cloud-config\nother" } });
  expect(of(token.server).read({ id, inputs: wire, state })?.inputs["userData"]).toEqual(secret("#cloud-config\nother"));
  const box = { name: "box", labels, location: "fsn1", storageBoxType: "bx11", password: "aA1!aA1!aA1!" };
  expect(of("hcloud:index/storageBox:StorageBox").check(box).inputs["password"]).toEqual(secret(box.password));
});

test("the k-th operation fails and leaves nothing; the next one goes on", async () => {
  cloud.faults.faults = { failOperation: 2 };
  await create(of(token.volume), volume);
  await expect(create(of(token.volume), { ...volume, name: "two" }, "two")).rejects.toThrow(
    "injected failure of operation 2: create two",
  );
  await create(of(token.volume), { ...volume, name: "three" });
  expect(cloud.faults.operations.map(({ kind }) => kind)).toEqual(["create", "create", "create"]);
  expect(exists()).toHaveLength(2);
});

test("a refusal holds for its type, operation, inputs and times only", async () => {
  const noStock = { type: token.server, where: { serverType: "cx53" }, message: "error during placement (resource_unavailable)" };
  cloud.faults.faults = { refusals: [noStock, { type: "hcloud:", kind: "update", message: "rate_limit_exceeded", times: 1 }] };
  await expect(create(of(token.server), server)).rejects.toThrow("error during placement (resource_unavailable)");
  const { id } = await create(of(token.server), { ...server, serverType: "ccx33" });
  const again = step(token.server, id, { ...server, serverType: "ccx33", backups: true });
  await expect(of(token.server).update(again)).rejects.toThrow("rate_limit_exceeded");
  expect(await of(token.server).update(again)).toMatchObject({ backups: true });
});

test("an account's limit is kept", async () => {
  cloud.faults.faults = { quotas: { [token.volume]: 1 } };
  await create(of(token.volume), volume);
  await expect(create(of(token.volume), { ...volume, name: "two" })).rejects.toThrow(
    "1 of 1 in use, the account's limit for hcloud:index/volume:Volume (resource_limit_exceeded)",
  );
});

test("a resource is there before it is ready", async () => {
  cloud.faults.faults = { latency: 200 };
  const made = create(of(token.volume), volume);
  await expect.poll(() => cloud.store.all().map(({ ready }) => ready), { interval: 10 }).toEqual([false]);
  await made;
  expect(cloud.store.all().map(({ ready }) => ready)).toEqual([true]);
});

test("what another call is still making is waited for, and what nobody makes any more is ready in its time", async () => {
  const disk = await create(of(token.volume), volume);
  const { id } = await create(of(token.server), server);
  const thing = cloud.store.find(token.volume, disk.id)!;
  cloud.faults.faults = { latency: 300 };
  cloud.store.put({ ...thing, ready: false, begun: Date.now() });
  const attachment = { volumeId: Number(disk.id), serverId: Number(id) };
  await create(of("hcloud:index/volumeAttachment:VolumeAttachment"), attachment, "mount");
  expect(Date.now() - cloud.store.find(token.volume, disk.id)!.begun!).toBeGreaterThanOrEqual(300);
});

test("a call that is one too many is tried again as often as the real provider tries", async () => {
  cloud.faults.faults = { throttles: [{ type: "hcloud:", calls: 5 }] };
  await create(of(token.volume), volume);
  expect(cloud.faults.throttled(0)).toBe(5);
  cloud.faults.faults = { throttles: [{ type: "hcloud:", calls: 11 }] };
  await expect(create(of(token.volume), { ...volume, name: "two" })).rejects.toThrow("(rate_limit_exceeded)");
  expect(exists()).toHaveLength(1);
});

test("a server has the address of the primary IP it was given", async () => {
  const ip = { name: "ip", labels, type: "ipv4", location: "fsn1", assigneeType: "server", autoDelete: false };
  const primary = await create(of("hcloud:index/primaryIp:PrimaryIp"), ip);
  const publicNets = [{ ipv4: Number(primary.id), ipv4Enabled: true, ipv6Enabled: false }];
  const { state } = await create(of(token.server), { ...server, publicNets });
  expect(state["ipv4Address"]).toBe(primary.state["ipAddress"]);
  expect(state["ipv6Address"]).toBe("");
});
