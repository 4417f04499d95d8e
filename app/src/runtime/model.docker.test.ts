import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { until } from "../testing/api.ts";
import { openAiEvents, openAiProblems } from "../testing/openai-schemas.ts";
import { startApp, type AppProcess } from "../testing/process.ts";

const sha256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53";
const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
const modelFile = join(cache, "fidus/models", `${sha256}.gguf`);
const llama = join(import.meta.dirname, "../../llm/node_modules/node-llama-cpp");

let app: AppProcess;
let base: string;
let client: OpenAI;

beforeAll(async () => {
  if (!existsSync(llama)) {
    const fix = "npm ci --prefix app/llm --omit=optional --ignore-scripts";
    throw new Error(`${llama}: got nothing; needs the native runtime. ${fix}`);
  }
  if (!existsSync(modelFile)) throw new Error(`${modelFile}: got nothing; needs the test model. ./fidus up community`);
  app = startApp(["llm"], {
    PORT: "0",
    METRICS_PORT: "0",
    LLM_MODEL: "smollm2",
    LLM_MODEL_FILE: modelFile,
    LLM_IDLE_UNLOAD_SECONDS: "3",
    LLM_CONTEXT_TOKENS: "1024",
  });
  base = `http://127.0.0.1:${await app.port()}`;
  client = new OpenAI({ apiKey: "none", baseURL: `${base}/v1`, maxRetries: 0 });
}, 120_000);

afterAll(async () => {
  app?.child.kill("SIGTERM");
  await app?.finished;
});

const question = { model: "smollm2", messages: [{ role: "user" as const, content: "Name three colours." }], max_tokens: 24 };
const status = async () =>
  (await (await fetch(`${base}/status`)).json()) as { loaded: boolean; tokensPerSecond: number | null; queued: number };

describe("the embedded runtime with a real model", () => {
  test("lists its model without loading it", async () => {
    expect((await client.models.list()).data.map(({ id }) => id)).toEqual(["smollm2"]);
    expect(await status()).toMatchObject({ loaded: false, model: "smollm2", usable: true });
  });

  test("answers whole, with usage, and knows its speed afterwards", async () => {
    const answer = await client.chat.completions.create(question);
    expect(answer.choices[0]?.message.content?.length).toBeGreaterThan(0);
    expect(["stop", "length"]).toContain(answer.choices[0]?.finish_reason);
    const { prompt_tokens: prompt = 0, completion_tokens: completion = 0, total_tokens: total } = answer.usage ?? {};
    expect(prompt).toBeGreaterThan(10);
    expect(completion).toBeGreaterThan(0);
    expect(completion).toBeLessThanOrEqual(24);
    expect(total).toBe(prompt + completion);
    expect((await status()).loaded).toBe(true);
  });

  test("streams the same answer in several events, with usage at the end, for the same seed", async () => {
    const seeded = { ...question, seed: 7, temperature: 0.8 };
    const whole = await client.chat.completions.create(seeded);
    const stream = await client.chat.completions.create({ ...seeded, stream: true, stream_options: { include_usage: true } });
    let text = "";
    let pieces = 0;
    let usage = null;
    for await (const part of stream) {
      const { content } = part.choices[0]?.delta ?? {};
      if (content) pieces++;
      text += content ?? "";
      usage = part.usage ?? usage;
    }
    expect(text).toBe(whole.choices[0]?.message.content);
    expect(pieces).toBeGreaterThanOrEqual(3);
    expect(usage).toEqual(whole.usage);
  });

  test("answers, chunks, models and refusals are those of OpenAI's published schemas [L-01]", async () => {
    const ask = (more: object): Promise<Response> =>
      fetch(`${base}/v1/chat/completions`, { method: "POST", body: JSON.stringify({ ...question, ...more }) });
    expect(openAiProblems("CreateChatCompletionResponse", await (await ask({})).json())).toEqual([]);
    const chunks = await openAiEvents(await ask({ stream: true, stream_options: { include_usage: true } }));
    expect(chunks.length).toBeGreaterThan(3);
    for (const chunk of chunks) expect([chunk, openAiProblems("CreateChatCompletionStreamResponse", chunk)]).toEqual([chunk, []]);
    expect(openAiProblems("ListModelsResponse", await (await fetch(`${base}/v1/models`)).json())).toEqual([]);
    expect(openAiProblems("ErrorResponse", await (await ask({ model: "gpt-4" })).json())).toEqual([]);
  });

  test("obeys max_tokens and stop", async () => {
    const short = await client.chat.completions.create({ ...question, max_tokens: 2 });
    expect(short.choices[0]?.finish_reason).toBe("length");
    expect(short.usage?.completion_tokens).toBe(2);
    const first = await client.chat.completions.create({ ...question, temperature: 0 });
    const stop = first.choices[0]?.message.content?.trim().split(/\s+/)[2] ?? "";
    const cut = await client.chat.completions.create({ ...question, temperature: 0, stop });
    expect(cut.choices[0]?.finish_reason).toBe("stop");
    expect(cut.choices[0]?.message.content).not.toContain(stop);
  });

  test("is free again within a second after the caller leaves", async () => {
    const controller = new AbortController();
    const endless = { ...question, max_tokens: 800, stream: true as const };
    const stream = await client.chat.completions.create(endless, { signal: controller.signal });
    for await (const part of stream) {
      if (part.choices[0]?.delta.content) break;
    }
    controller.abort();
    await until(async () => (await status()).queued === 0, 1_000);
  });

  test("refuses a prompt that does not fit with 400, and another model with 404", async () => {
    const long = { ...question, messages: [{ role: "user" as const, content: "word ".repeat(2_000) }] };
    await expect(client.chat.completions.create(long)).rejects.toMatchObject({ status: 400, code: "context_length_exceeded" });
    await expect(client.chat.completions.create({ ...question, model: "gpt-4" })).rejects.toMatchObject({
      status: 404,
      code: "model_not_found",
    });
  });

  test("gives the memory back when idle, and answers again", async () => {
    await client.chat.completions.create(question);
    const [engine] = children();
    expect(residentMb(engine ?? 0)).toBeGreaterThan(150);
    await until(async () => !(await status()).loaded, 10_000);
    await until(() => children().length === 0, 2_000);
    const answer = await client.chat.completions.create(question);
    expect(answer.usage?.completion_tokens).toBeGreaterThan(0);
  });
});

function children(): number[] {
  const { pid } = app.child;
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(/\s+/).filter(Boolean).map(Number);
}

function residentMb(pid: number): number {
  const [, kb = "0"] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kb) / 1024;
}
