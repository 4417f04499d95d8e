import { afterAll, beforeAll, expect, test } from "vitest";
import { docker, newProduct, type Product } from "./product.ts";
import { startStandIn, type StandIn } from "./stand-in.ts";

/** Community with two API replicas before a scripted runtime, chosen by a table of runtimes and its keys. */
let product: Product;
let standIn: StandIn;
let apiKey: string;

const runtimeKey = "sk-of-the-scripted-runtime";
const alias = "smollm2:135m";

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
  return (await product.containers("api")).map(({ id }) => id);
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
