import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openCloud } from "../../../tests/simulator/plugin.ts";
import { SimulatedHetznerApi } from "../../../tests/simulator/testing/hetzner-api.ts";
import { firstTypeInStock, hetznerApi, type Call } from "./first-type-in-stock.ts";

const server = "hcloud:index/server:Server";
const question = {
  server: "fidus-a1b2c3-shop-server",
  types: ["cx53", "cpx62", "ccx33"],
  typesKey: "serverTypes",
  location: "nbg1",
  image: "debian-13",
  sshKey: "7",
};
const token = "t".repeat(64);
const noStock = (serverType: string) => ({ type: server, where: { serverType }, message: "error during placement" });

let folder: string;
let api: SimulatedHetznerApi;
let call: Call;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "fidus-cloud-"));
  api = await SimulatedHetznerApi.start(openCloud("hcloud", folder));
  call = hetznerApi(api.endpoint, token);
});
afterEach(async () => {
  await api[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

test("the first type of the list is taken when Hetzner has it, and the server that asked is gone again", async () => {
  expect(await firstTypeInStock(question, call)).toBe("cx53");
  expect(api.calls.filter((line) => line.startsWith("POST"))).toEqual(["POST /servers cx53 201"]);
  expect(api.probes).toEqual([]);
});

test("a type that is not in stock when asked for leads to the next one", async () => {
  openCloud("hcloud", folder).faults.faults = { refusals: [noStock("cx53"), noStock("cpx62")] };
  expect(await firstTypeInStock(question, call)).toBe("ccx33");
  expect(api.calls.filter((line) => line.startsWith("POST"))).toEqual([
    "POST /servers cx53 412",
    "POST /servers cpx62 412",
    "POST /servers ccx33 201",
  ]);
});

test("what was sold out when the server itself was to be made is not tried again, and is named when nothing is left", async () => {
  const { types } = question;
  expect(await firstTypeInStock({ ...question, soldOut: ["cx53"] }, call)).toBe("cpx62");
  expect(api.calls.filter((line) => line.startsWith("POST"))).toEqual(["POST /servers cpx62 201"]);
  await expect(firstTypeInStock({ ...question, soldOut: types }, call)).rejects.toThrow(
    "serverTypes: got cx53,cpx62,ccx33; needs",
  );
});

test("when none is in stock the list, the place and the repair are named", async () => {
  openCloud("hcloud", folder).faults.faults = { refusals: ["cx53", "cpx62", "ccx33"].map(noStock) };
  await expect(firstTypeInStock(question, call)).rejects.toThrow(
    "serverTypes: got cx53,cpx62,ccx33; needs one that Hetzner has in nbg1 now. Try later, or add types: pulumi config set serverTypes",
  );
});

test("any other error ends the question: nothing is tried that nobody asked for", async () => {
  await expect(firstTypeInStock(question, hetznerApi(api.endpoint, "wrong"))).rejects.toThrow("Hetzner says unauthorized");
  expect(api.calls).toHaveLength(1);
});

test("a server that exists already keeps its type, and nothing is made", async () => {
  const inputs = { name: question.server, serverType: "cpx42" };
  openCloud("hcloud", folder).store.put({ type: server, id: "5", name: "server", inputs, outputs: inputs, ready: true });
  expect(await firstTypeInStock(question, call)).toBe("cpx42");
  expect(api.calls).toEqual(["GET /servers?name=fidus-a1b2c3-shop-server 200"]);
});

test("what an earlier question left behind is removed first, other people's servers are not", async () => {
  const left = (id: number, owner: string) => ({
    id,
    name: `n${id}`,
    server_type: { name: "cx53" },
    labels: { "fidus.probe": owner },
  });
  api.probes = [left(1, question.server), left(2, "somebody-else")];
  await firstTypeInStock(question, call);
  expect(api.probes.map(({ id }) => id)).toEqual([2]);
});
