import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../../infra/core/eventually.ts";
import { LoadClient, type Seen } from "./load-client.ts";
import { docker, newProduct, type Product } from "./product.ts";
import { startStandIn, type StandIn } from "./stand-in.ts";

/** Community with two API replicas before a scripted runtime, while clients ask without a pause. */
let product: Product;
let standIn: StandIn;
let apiKey: string;

const model = "smollm2:135m";
const [perSecond, streams] = [50, 50];
/** Of a stream, well within the grace of 25 s. */
const streamMs = 8_000;

beforeAll(async () => {
  product = await newProduct();
  standIn = await startStandIn({ kind: "scripted OpenAI-compatible stand-in", model, pauseMs: streamMs / 5 });
  const first = await product.up();
  if (first.admin === null) throw new Error("the first up made no administrator");
  ({ apiKey } = first.admin);
  const runtimes = { scripted: { kind: "compatible", baseUrl: standIn.url, cloud: false } };
  await product.configure({ apiReplicas: "2", llmRuntimes: JSON.stringify({ runtimes, models: {} }) });
  await product.up();
}, 1_800_000);

afterAll(async () => {
  await standIn.stop();
  await product.remove();
}, 180_000);

const replicas = async (): Promise<string[]> => (await product.containers("api")).map(({ id }) => id);

/** What clients see while `work` is done, from when every stream is open to when the last answer is there. */
async function underLoad(what: string, work: (load: LoadClient) => Promise<void>): Promise<Seen> {
  const load = new LoadClient({ url: product.url, apiKey, model, perSecond, streams });
  const asked = standIn.asked.length;
  let seen: Seen;
  try {
    await eventually("the load is there", async () => standIn.asked.length > asked + 5 * perSecond + streams || null, 60_000);
    await work(load);
  } finally {
    seen = await load.stop();
  }
  const { wrong, requests, seconds, medianMs, slowestMs } = seen;
  const speed = `${(requests / seconds).toFixed(0)} a second, median ${medianMs} ms, slowest ${slowestMs} ms`;
  console.log(
    `${what}: ${requests} requests (${speed}), ${seen.streams} streams in ${seconds.toFixed(0)} s; ${wrong.length} wrong`,
  );
  return seen;
}

async function proxyLog(): Promise<string> {
  const lines: string[] = [];
  for (const { id } of await product.containers("proxy")) await docker(["logs", id], { onLine: (line) => lines.push(line) });
  return lines.join("\n");
}

test("up with a changed setting replaces both replicas under 50 requests a second and 50 open streams: no client sees an error", async () => {
  const before = await replicas();
  const {
    wrong,
    requests,
    seconds,
    streams: asked,
  } = await underLoad("replacement", async () => {
    await product.configure({ logLevel: "warn" });
    await product.up();
  });
  const after = await replicas();
  expect(after).toHaveLength(2);
  expect(after.filter((id) => before.includes(id))).toEqual([]);
  expect(wrong.slice(0, 5), (await proxyLog()).slice(-2_000)).toEqual([]);
  expect(requests).toBeGreaterThan(0.9 * perSecond * seconds);
  expect(asked).toBeGreaterThan(2 * streams);
}, 600_000);

test("a killed replica breaks what it was answering and nothing else: whoever asks after that is served, and it comes back", async () => {
  const [victim] = await product.containers("api");
  let goneAt = Infinity;
  const { wrong } = await underLoad("kill -9", async (load) => {
    // The shell is the only process that `-1` spares; the engine starts the container again.
    await docker(["exec", victim?.id ?? "", "bash", "-c", "kill -KILL -1"]).catch(() => "");
    // A process takes its time to die, and until then its port takes connections.
    const isGone = async (): Promise<boolean> => {
      const now = (await product.containers("api")).find(({ id }) => id === victim?.id);
      return now?.state !== "running" || now.startedAt !== victim?.startedAt;
    };
    await eventually("the engine sees that it is gone", isGone, 20_000);
    goneAt = performance.now();
    await eventually("the killed replica is healthy again", async () => {
      const now = (await product.containers("api")).find(({ id }) => id === victim?.id);
      return (now?.health === "healthy" && now.startedAt !== victim?.startedAt) || null;
    });
    const enough = load.requests + 5 * perSecond;
    await eventually("clients have asked both again", () => Promise.resolve(load.requests > enough || null));
  });
  const late = wrong.filter(({ asked }) => asked > goneAt);
  expect(late, (await proxyLog()).slice(-2_000)).toEqual([]);
  const cut = wrong.filter(({ kind }) => kind === "stream");
  expect(cut.length).toBeGreaterThan(0);
  expect(cut.length).toBeLessThan(streams);
  // No question is asked twice: the runtime may have begun to answer it.
  for (const { kind, status, text } of wrong)
    if (kind === "request") expect(`${status} ${text}`).toMatch(/^502 .*"code":"unreachable"/);
}, 300_000);
