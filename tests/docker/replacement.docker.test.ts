import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { stackContainers } from "../../cli/containers.ts";
import { docker, newProduct, type Product } from "./product.ts";
import { startStandIn, type StandIn } from "./stand-in.ts";

/** Community with two API replicas before a scripted runtime, replaced while clients ask. */
let product: Product;
let standIn: StandIn;
let apiKey: string;

const runtimeKey = "sk-of-the-scripted-runtime";
const alias = "smollm2:135m";
/** Milliseconds of a stream, well within the grace of 25 s. */
const streamMs = 7_500;

const table = (kind: string): string =>
  JSON.stringify({
    runtimes: { scripted: { kind, baseUrl: standIn.url, cloud: false } },
    models: { [alias]: { targets: [{ runtime: "scripted", model: "scripted-1" }] } },
  });

beforeAll(async () => {
  product = await newProduct();
  standIn = await startStandIn({
    kind: "scripted OpenAI-compatible stand-in",
    model: "scripted-1",
    key: runtimeKey,
    pauseMs: streamMs / 5,
  });
  const first = await product.up();
  if (first.admin === null) throw new Error("the first up made no administrator");
  ({ apiKey } = first.admin);
  await product.configure({ apiReplicas: "2", llmRuntimes: table("compatible"), rateLimitPerCaller: "none" });
  await product.configure({ llmKeys: JSON.stringify({ scripted: runtimeKey }) }, "--secret");
  await product.up();
}, 1_800_000);

afterAll(async () => {
  await standIn.stop();
  await product.remove();
}, 180_000);

const ask = (stream: boolean): Promise<Response> =>
  fetch(`${product.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
    body: JSON.stringify({ model: alias, stream, messages: [{ role: "user", content: "Hello" }] }),
  });

async function replicas(): Promise<string[]> {
  const all = await stackContainers(docker, await product.id(), "community");
  return all.filter(({ role }) => role === "api").map(({ id }) => id);
}

/** What clients saw. */
interface Seen {
  requests: number;
  streams: number;
  readonly wrong: string[];
}

/** 50 questions a second and 50 streams that are always open, until `over`; resolves when the last answer is there. */
async function load(seen: Seen, over: AbortSignal): Promise<void> {
  const note = async (what: string, work: () => Promise<string | null>): Promise<void> => {
    const problem = await work().catch((error: unknown) => String(error));
    if (problem !== null) seen.wrong.push(`${new Date().toISOString()} ${what}: ${problem}`);
  };
  const request = (): Promise<void> => {
    seen.requests += 1;
    return note("request", async () => {
      const response = await ask(false);
      const text = await response.text();
      return response.status === 200 ? null : `${response.status} ${text.slice(0, 200)}`;
    });
  };
  const stream = async (): Promise<void> => {
    while (!over.aborted) {
      seen.streams += 1;
      await note("stream", async () => {
        const response = await ask(true);
        const text = await response.text();
        const whole = response.status === 200 && text.includes('"finish_reason":"stop"') && text.endsWith("data: [DONE]\n\n");
        return whole ? null : `${response.status} ${text.slice(-200)}`;
      });
    }
  };
  const open: Promise<void>[] = Array.from({ length: 50 }, (_, index) => delay(index * 100).then(stream));
  const started = performance.now();
  while (!over.aborted) {
    // By the clock, so that a late timer is made good.
    const due = Math.floor((performance.now() - started) / 20) - seen.requests;
    for (let index = 0; index < due; index += 1) open.push(request());
    await delay(10);
  }
  await Promise.all(open);
}

test("a table of runtimes and its key reach both replicas, and the key is in no inspect, log or state [L-02]", async () => {
  const ids = await replicas();
  expect(ids).toHaveLength(2);
  expect((await ask(false)).status).toBe(200);
  const { code, stdout } = await product.pulumi("stack", "export", "--stack", "community");
  expect(code).toBe(0);
  const logs = await Promise.all(ids.map((id) => docker(["logs", id])));
  for (const text of [stdout, await docker(["inspect", ...ids]), ...logs]) expect(text).not.toContain(runtimeKey);
}, 60_000);

test("settings that the application would not start with are refused by its own reader, and what runs goes on", async () => {
  const before = await replicas();
  await product.configure({ llmRuntimes: table("telepathy") });
  const { code, stderr } = await product.fidus("up", "community");
  await product.configure({ llmRuntimes: table("compatible") });
  expect(code).toBe(1);
  expect(stderr).toContain("LLM_RUNTIMES.runtimes.scripted.kind");
  expect(await replicas()).toEqual(before);
  expect((await ask(false)).status).toBe(200);
}, 300_000);

test("replacing both replicas under 50 requests a second and 50 open streams fails none and breaks none", async () => {
  const before = await replicas();
  const seen: Seen = { requests: 0, streams: 0, wrong: [] };
  const over = new AbortController();
  const started = performance.now();
  const running = load(seen, over.signal);
  await delay(10_000);
  await product.configure({ rateLimitPerCaller: "1000000" });
  await product.up();
  const after = await replicas();
  over.abort();
  const seconds = (performance.now() - started) / 1_000;
  await running;
  console.log(`${seen.requests} requests and ${seen.streams} streams in ${seconds.toFixed(0)} s, ${seen.wrong.length} wrong`);
  expect(after.filter((id) => before.includes(id))).toEqual([]);
  expect(after).toHaveLength(2);
  expect(seen.requests).toBeGreaterThan(45 * (seconds - 1));
  expect(seen.streams).toBeGreaterThan(100);
  expect(seen.wrong).toEqual([]);
}, 600_000);
