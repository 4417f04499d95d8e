import { createServer, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../../infra/core/eventually.ts";
import { docker, newProduct, variant1, type Product, type UpJson } from "./product.ts";
import { Recorder, type Departures } from "./recorder.ts";
import { session } from "./session.ts";
import { hostGateway, startStandIn, type StandIn } from "./stand-in.ts";

/** The community product with a recorder in the network namespace of each of its containers. */
let product: Product;
let admin: NonNullable<UpJson["admin"]>;
/** By role. */
const recorders = new Map<string, Recorder>();
let cloud: StandIn;
let embedder: StandIn;
/** Takes what is sent to Langfuse. */
let langfuse: Server;
let gateway: string;

const model = "smollm2:135m";

beforeAll(async () => {
  product = await newProduct();
  gateway = await hostGateway();
  cloud = await startStandIn({ kind: "scripted OpenAI-compatible stand-in", model: "cloud-1", key: "sk-of-the-cloud-stand-in" });
  embedder = await startStandIn({ kind: "scripted embedder", model: "vectors-1" });
  langfuse = createServer((req, res) => void req.resume().on("end", () => res.writeHead(200).end("{}")));
  await once(langfuse.listen(0, gateway), "listening");
  const first = await product.up();
  if (first.admin === null) throw new Error("the first up made no administrator");
  ({ admin } = first);
  // It makes no vectors; people can hand in documents all the same, and the worker asks.
  await product.configure({ embeddingModel: model });
  await product.up();
}, 1_800_000);

afterAll(async () => {
  await stopRecorders().catch(() => undefined);
  await Promise.all([cloud.stop(), embedder.stop()]);
  langfuse.closeAllConnections();
  langfuse.close();
  await product.remove();
}, 180_000);

/** Stops every container and starts it with a recorder that sees its first packet: the stores and the model, who asks them, the proxy. */
async function restartRecorded(): Promise<void> {
  const all = await product.containers();
  await docker(["stop", ...all.map(({ id }) => id)]);
  for (const layer of [["postgres", "redis", "llm"], ["api", "web", "worker"], ["proxy"]]) {
    const started = all.filter(({ role }) => layer.includes(role));
    await Promise.all(started.map(async ({ role, id }) => recorders.set(role, await Recorder.fromTheStart(id))));
    await eventually(`${layer.join(", ")} are healthy`, async () =>
      (await product.containers()).every(({ role, health }) => !layer.includes(role) || health === "healthy"),
    );
  }
  expect([...recorders.keys()].toSorted()).toEqual(variant1);
}

/** What left each container, addresses as roles: `tcp postgres 5432`. */
async function seen(): Promise<Record<string, Departures>> {
  const roles = new Map<string, string>();
  for (const { id, role } of await product.containers()) {
    const format = "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}";
    for (const address of (await docker(["inspect", "--format", format, id])).trim().split(" ")) roles.set(address, role);
  }
  const named = (to: string): string => to.replace(/(?<=^\w+ )\S+/, (address) => roles.get(address) ?? address);
  const result: Record<string, Departures> = {};
  for (const [role, recorder] of recorders) {
    const { connections, names } = await recorder.seen();
    result[role] = { connections: connections.map(named).toSorted(), names };
  }
  return result;
}

/** @throws Error where one of them was not there to the end, or missed a packet */
async function stopRecorders(): Promise<void> {
  const ends = await Promise.allSettled([...recorders.values()].map((recorder) => recorder.stop()));
  recorders.clear();
  expect(ends.filter(({ status }) => status === "rejected")).toEqual([]);
}

const none: Departures = { connections: [], names: [] };
/** Every role, and whom it may talk to. Names are asked of Docker's resolver. */
const configured: Record<string, Departures> & Record<"api" | "worker", Departures> = {
  ...Object.fromEntries(variant1.map((role) => [role, none])),
  api: { connections: ["tcp llm 8080", "tcp postgres 5432", "tcp redis 6379"], names: ["llm", "postgres", "redis"] },
  worker: { connections: ["tcp llm 8080", "tcp postgres 5432"], names: ["llm", "postgres"] },
  proxy: { connections: ["tcp api 8000", "tcp web 3000"], names: ["api", "web"] },
};

/** The database's word that the worker has asked a model for the conversation's title. */
async function titled(conversation: string): Promise<boolean> {
  const sql = `select state from jobs.job where name = 'chat-title' and singleton_key = '${conversation}'`;
  return (await inContainer("postgres", `psql -U postgres -d fidus -Atc "${sql}"`)).trim() === "completed";
}

async function inContainer(role: string, script: string): Promise<string> {
  const found = (await product.containers(role))[0];
  return docker(["exec", found?.id ?? role, "bash", "-c", script]);
}

const also = ({ connections, names }: Departures, more: Partial<Departures>): Departures => ({
  connections: [...connections, ...(more.connections ?? [])].toSorted(),
  names: [...names, ...(more.names ?? [])].toSorted(),
});

test("a local installation, from the start of its containers over a whole session, reaches its own database, cache and model and nothing else [X-21]", async () => {
  await restartRecorded();
  const conversation = await session({ product, admin, model, vectors: false });
  await eventually("the conversation has its title", () => titled(conversation));
  expect(await seen()).toEqual(configured);
}, 300_000);

test("one connection and one question for a name more are seen in every container, also where the network leads nowhere", async () => {
  const leak = "timeout 2 bash -c 'exec 3<>/dev/tcp/192.0.2.1/443'; timeout 2 getent hosts leak.example.invalid; true";
  await Promise.all(variant1.map((role) => inContainer(role, leak)));
  for (const [role, { connections, names }] of Object.entries(await seen())) {
    // Docker passes a name that it does not know on to the host's resolver, wherever that is.
    const made = connections.filter((to) => !/^udp \S+ 53$/.test(to));
    const leaked = { connections: ["tcp 192.0.2.1 443"], names: ["leak.example.invalid"] };
    expect({ connections: made, names }, role).toEqual(also(configured[role] ?? none, leaked));
  }
  await stopRecorders();
}, 120_000);

test("with a cloud runtime, an embedder and Langfuse exactly these come in addition, Langfuse for the API alone [X-21]", async () => {
  const runtimes = {
    house: { kind: "embedded", baseUrl: "http://llm:8080/v1" },
    cloud: { kind: "compatible", baseUrl: cloud.url, cloud: true },
    embedder: { kind: "compatible", baseUrl: embedder.url, cloud: false },
  };
  const models = {
    [model]: { targets: [{ runtime: "cloud", model: "cloud-1" }] },
    "vectors-1": { targets: [{ runtime: "embedder", model: "vectors-1" }] },
  };
  const { port } = langfuse.address() as AddressInfo;
  await product.configure({
    llmRuntimes: JSON.stringify({ runtimes, models }),
    embeddingModel: "vectors-1",
    langfuseUrl: `http://host.docker.internal:${port}`,
    langfusePublicKey: "pk-lf-of-the-stand-in",
  });
  await product.configure({ llmKeys: JSON.stringify({ cloud: "sk-of-the-cloud-stand-in" }) }, "--secret");
  await product.configure({ langfuseSecretKey: "sk-lf-of-the-stand-in" }, "--secret");
  await product.up();
  await restartRecorded();
  const conversation = await session({ product, admin, model, vectors: true });
  await eventually("the conversation has its title", () => titled(conversation));
  // The host's own name stands in the containers' hosts file: no question goes out for it.
  const outside = (url: string): string => `tcp ${gateway} ${new URL(url).port}`;
  const asked = { connections: [outside(cloud.url), outside(embedder.url)] };
  const told = { connections: [`tcp ${gateway} ${port}`] };
  const expected = { ...configured, api: also(also(configured.api, asked), told), worker: also(configured.worker, asked) };
  await eventually("Langfuse was told", async () => (await seen())["api"]?.connections.includes(told.connections[0] ?? ""));
  expect(await seen()).toEqual(expected);
  await stopRecorders();
}, 600_000);
