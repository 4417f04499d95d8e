import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { docker, newProduct, variant1, type Product, type UpJson } from "./product.ts";
import { startStandIn, type StandIn, type StandInKind } from "./stand-in.ts";

/** One product goes through all runtimes, in this order; LiteLLM is the first. */
let product: Product;
let first: UpJson;

beforeAll(async () => {
  product = await newProduct();
  first = await product.up("--runtime", "litellm");
}, 1_200_000);

afterAll(() => product.remove(), 120_000);

const identities = async (): Promise<string[]> => (await product.containers()).map(({ id, startedAt }) => `${id} ${startedAt}`);
const roles = async (): Promise<string[]> => (await product.containers()).map(({ role }) => role).sort();
const status = async (): Promise<unknown> => (await fetch(`${product.url}/api/v1/llm/status`)).json();

async function container(role: string): Promise<string> {
  const found = (await product.containers(role))[0];
  if (found === undefined) throw new Error(`no ${role} container`);
  return found.id;
}

/** Runs a module inside the API's container, from where gateway and runtime can be reached; gives what it printed as JSON. */
async function inside<T>(script: string): Promise<T> {
  const args = ["exec", "-i", await container("api"), "node", "--input-type=module", "-"];
  return JSON.parse((await execa("docker", args, { input: script })).stdout) as T;
}

const masterKey = async (): Promise<string> => docker(["exec", await container("api"), "cat", "/run/fidus/openai_api_key"]);

describe("litellm, started by Fidus", () => {
  test("the streamed answer comes from the embedded model through the gateway, as a demo [L-03] [L-05]", async () => {
    expect(first.proof?.events).toBeGreaterThanOrEqual(3);
    expect(first.proof?.completionTokens).toBeGreaterThan(0);
    expect(first.demo).toBe(true);
    expect(await roles()).toEqual(["api", "litellm", "llm", "postgres", "proxy", "redis", "web", "worker"]);
    expect(await status()).toMatchObject({ runtime: "litellm", model: "smollm2:135m", demo: true, reachable: true });
    const log = await execa("docker", ["logs", await container("litellm")], { all: true });
    expect(log.all).toMatch(/"POST \/v1\/chat\/completions HTTP\/1.1" 200/);
  });

  test("it lives on port 4000, hardened like the rest, without a port on the host", async () => {
    const [seen] = JSON.parse(await docker(["inspect", await container("litellm")])) as [Inspected];
    expect(seen.State.Health.Status).toBe("healthy");
    expect(seen.Config).toMatchObject({ User: "10005:10005" });
    expect(seen.HostConfig).toMatchObject({
      ReadonlyRootfs: true,
      Privileged: false,
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges:true"],
      Memory: 1024 * 1024 * 1024,
      MemorySwap: 1024 * 1024 * 1024,
      RestartPolicy: { Name: "unless-stopped" },
    });
    expect(seen.HostConfig.PortBindings ?? {}).toEqual({});
    const answered = await inside<number>(`console.log((await fetch("http://litellm:4000/health/liveliness")).status);`);
    expect(answered).toBe(200);
  });

  test("it refuses a caller without its key, and one with another; with the key it lists the model, is well and answers [L-15]", async () => {
    const seen = await inside<{
      none: number;
      wrong: number;
      models: string[];
      healthy: number;
      usage: { completion_tokens: number };
    }>(`
      import { readFileSync } from "node:fs";
      const ask = (path, key, init = {}) => fetch("http://litellm:4000/v1" + path, {
        ...init, headers: { "content-type": "application/json", ...(key === null ? {} : { authorization: "Bearer " + key }) } });
      const key = readFileSync("/run/fidus/openai_api_key", "utf8");
      const none = (await ask("/models", null)).status;
      const wrong = (await ask("/models", "sk-not-the-key")).status;
      const models = (await (await ask("/models", key)).json()).data.map(({ id }) => id);
      const health = await (await fetch("http://litellm:4000/health", { headers: { authorization: "Bearer " + key } })).json();
      const messages = [{ role: "user", content: "Say hello." }];
      const body = JSON.stringify({ model: "smollm2:135m", max_tokens: 8, messages });
      const { usage } = await (await ask("/chat/completions", key, { method: "POST", body })).json();
      console.log(JSON.stringify({ none, wrong, models, healthy: health.healthy_count, usage }));`);
    expect(seen.none).toBe(401);
    // Without a database of keys it can only say that it knows no other.
    expect([400, 401]).toContain(seen.wrong);
    expect(seen.models).toEqual(["smollm2:135m"]);
    expect(seen.healthy).toBe(1);
    expect(seen.usage.completion_tokens).toBeGreaterThan(0);
  });

  test("a caller who leaves frees the runtime behind it within a second", async () => {
    const { before, freedMs } = await inside<{ before: number; freedMs: number }>(`
      import { readFileSync } from "node:fs";
      const leave = new AbortController();
      const authorization = "Bearer " + readFileSync("/run/fidus/openai_api_key", "utf8");
      const messages = [{ role: "user", content: "Write a very long story about a house." }];
      const body = JSON.stringify({ model: "smollm2:135m", stream: true, max_tokens: 4000, messages });
      const headers = { authorization, "content-type": "application/json" };
      const response = await fetch("http://litellm:4000/v1/chat/completions", { method: "POST", headers, body, signal: leave.signal });
      const queued = async () => (await (await fetch("http://llm:8080/status")).json()).queued;
      await response.body.getReader().read();
      const before = await queued();
      const left = performance.now();
      leave.abort();
      while ((await queued()) > 0 && performance.now() - left < 10_000);
      console.log(JSON.stringify({ before, freedMs: performance.now() - left }));`);
    expect(before).toBe(1);
    expect(freedMs).toBeLessThan(1_000);
  });

  test("its key is a generated one and in no inspect, log, environment, arguments or exported state", async () => {
    const key = await masterKey();
    expect(key).toMatch(/^sk-[A-Za-z0-9]{40}$/);
    const places = new Map<string, string>();
    for (const { id, name } of await product.containers()) {
      places.set(`inspect ${name}`, await docker(["inspect", id]));
      places.set(`logs ${name}`, String((await execa("docker", ["logs", id], { all: true })).all));
      places.set(`top ${name}`, await docker(["top", id, "-eo", "pid,args"]));
      const read = ["exec", "--user", "0", id, "sh", "-c", "cat /proc/[0-9]*/environ 2>/dev/null || true"];
      places.set(`environment in ${name}`, (await execa("docker", read)).stdout);
    }
    const exported = await product.pulumi("stack", "export", "--stack", "community");
    places.set("stack export", exported.stdout + exported.stderr);
    expect(places.get("stack export")).toContain("litellm");
    for (const [place, text] of places) {
      for (const form of [key.slice(3), Buffer.from(key).toString("base64").slice(4, -4)])
        expect(text.includes(form), `the key in ${place}`).toBe(false);
    }
    const file = await docker(["exec", await container("litellm"), "sh", "-c", "stat -c '%n %a %u' /run/fidus/*"]);
    expect(file.trim()).toBe("/run/fidus/litellm.yaml 400 10005");
  });

  test("a second up changes nothing and answers again", async () => {
    const before = await identities();
    const { changes, proof } = await product.up();
    expect(Object.keys(changes)).toEqual(["same"]);
    expect(proof?.completionTokens).toBeGreaterThan(0);
    expect(await identities()).toEqual(before);
  });

  test("rotation gives it another key and the application the same one", async () => {
    const before = await masterKey();
    await product.pulumi("config", "set", "secretsGeneration", "2", "--stack", "community");
    expect((await product.up()).proof?.completionTokens).toBeGreaterThan(0);
    expect(await masterKey()).not.toBe(before);
  });

  test("back to embedded by choose and up: the gateway and its files are gone, the answer comes without it", async () => {
    expect((await product.fidus("choose", "--runtime", "embedded")).code).toBe(0);
    const { proof, demo } = await product.up();
    expect(proof?.completionTokens).toBeGreaterThan(0);
    expect(demo).toBe(true);
    expect(await roles()).toEqual(variant1);
    const volumes = await docker(["volume", "ls", "--quiet", "--filter", `label=fidus.installation=${await product.id()}`]);
    expect(volumes).not.toContain("litellm");
    expect(await status()).toMatchObject({ runtime: "embedded", reachable: true });
  });
});

interface Inspected {
  readonly State: { readonly Health: { readonly Status: string } };
  readonly Config: { readonly User: string };
  readonly HostConfig: { readonly PortBindings: Record<string, unknown> | null };
}

const others: readonly { runtime: string; kind: StandInKind; key?: string; tags: string }[] = [
  { runtime: "ollama-native", kind: "scripted Ollama stand-in", tags: "[C-21] [C-23]" },
  { runtime: "ollama", kind: "scripted Ollama stand-in", tags: "" },
  { runtime: "lmstudio", kind: "scripted OpenAI-compatible stand-in", tags: "[C-24] [C-23]" },
  { runtime: "vllm", kind: "scripted OpenAI-compatible stand-in", tags: "" },
  { runtime: "openai", kind: "scripted OpenAI-compatible stand-in", key: "stand-in-key", tags: "" },
  { runtime: "litellm", kind: "scripted OpenAI-compatible stand-in", key: "stand-in-key", tags: "of somebody else" },
];

describe.each(others)("$runtime $tags: a $kind", ({ runtime, kind, key }) => {
  const model = "scripted:1b";
  let standIn: StandIn;

  beforeAll(async () => {
    standIn = await startStandIn({ kind, model, ...(key === undefined ? {} : { key }) });
    await product.pulumi("config", "set", "llmBaseUrl", standIn.url, "--stack", "community");
    if (key !== undefined) await product.pulumi("config", "set", "--secret", "llmApiKey", key, "--stack", "community");
  });

  afterAll(() => standIn.stop());

  test("answers through the product, without a runtime of ours; stopped, it changes nothing and is named", async () => {
    const { proof, demo } = await product.up("--runtime", runtime, "--model", model);
    expect(proof).toMatchObject({ completionTokens: 5 });
    expect(demo).toBe(false);
    expect(standIn.asked).toContain(`POST /v1/chat/completions ${model}`);
    expect(await roles()).toEqual(["api", "postgres", "proxy", "redis", "web", "worker"]);
    expect(await status()).toMatchObject({ runtime, model, demo: false, reachable: true });
    // As the guide asks it, from the host and from inside the API's container.
    const list = kind === "scripted Ollama stand-in" ? "/api/tags" : "/v1/models";
    const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
    const fromHost: unknown = await (await fetch(new URL(list, standIn.hostUrl), { headers })).json();
    expect(JSON.stringify(fromHost)).toContain(model);
    const options = JSON.stringify({ headers });
    const ask = `console.log(await (await fetch("${new URL(list, standIn.url).href}", ${options})).text())`;
    expect(await inside(ask)).toEqual(fromHost);
    const before = await identities();
    await standIn.stop();
    const previewed = await product.pulumi("preview", "--stack", "community", "--expect-no-changes");
    expect(previewed.code, previewed.stdout + previewed.stderr).toBe(0);
    const again = await product.fidus("up", "community", "--json");
    expect(again.code).toBe(1);
    expect(again.stderr).toContain("test question");
    expect(await identities()).toEqual(before);
  });
});

test("embedded with the address that was left over is refused, and the command it names repairs that", async () => {
  expect((await product.fidus("choose", "--runtime", "embedded", "--model", "smollm2:135m")).code).toBe(0);
  const before = await identities();
  const refused = await product.fidus("up", "community", "--json");
  expect(refused.code).not.toBe(0);
  expect(refused.stderr).toContain("pulumi config rm llmBaseUrl");
  expect(await identities()).toEqual(before);
  expect((await product.pulumi("config", "rm", "llmBaseUrl", "--stack", "community")).code).toBe(0);
  expect((await product.up()).proof?.completionTokens).toBeGreaterThan(0);
});
