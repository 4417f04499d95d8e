import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { readApiConfig } from "../config.ts";
import type { Env } from "../env.ts";
import { InvalidInputError } from "../problems.ts";

const folder = mkdtempSync(join(tmpdir(), "fidus-runtimes-"));
afterAll(() => rmSync(folder, { recursive: true }));

const base: Env = {
  DATABASE_URL: "postgres://f@db/f",
  SESSION_SECRET: "kJ8sP2qLx0vN4tRz7bYw1mC5dE9fG3hA",
  ENCRYPTION_KEY: "3hAkJ8sP2qLx0vN4tRz7bYw1mC5dE9fG",
};
const read = (table: unknown, env: Env = {}) => readApiConfig({ ...base, LLM_RUNTIMES: JSON.stringify(table), ...env }).llm;

function problems(table: unknown, env: Env = {}): string[] {
  try {
    read(table, env);
  } catch (error) {
    if (error instanceof InvalidInputError) return error.message.split("\n");
    throw error;
  }
  return [];
}

const local = { kind: "ollama" };
const targets = [{ runtime: "local", model: "llama3.1:8b" }];

describe("the table of runtimes", () => {
  test("is filled in by what each adapter knows, and the table's word stands above it [L-06] [L-17]", () => {
    writeFileSync(join(folder, "key"), "sk-real\n");
    const { runtimes, model, routing } = read({
      runtimes: {
        local,
        paid: { kind: "openai", apiKeyFile: join(folder, "key"), concurrency: 5 },
        near: { kind: "compatible", baseUrl: "http://10.0.0.9/v1/", cloud: false },
      },
      models: { "llama-3.1-8b": { targets } },
      routing: "latency",
    });
    expect(runtimes).toMatchObject([
      {
        name: "local",
        baseUrl: "http://ollama:11434/v1",
        apiKey: null,
        cloud: false,
        optIn: false,
        concurrency: 128,
        queue: 256,
      },
      { name: "paid", baseUrl: "https://api.openai.com/v1", apiKey: "sk-real", cloud: true, optIn: true, concurrency: 5 },
      { name: "near", baseUrl: "http://10.0.0.9/v1", cloud: false, optIn: false },
    ]);
    expect([model, routing]).toEqual(["llama-3.1-8b", "latency"]);
  });

  test("may come from a file", () => {
    const file = join(folder, "runtimes.json");
    writeFileSync(file, JSON.stringify({ runtimes: { local } }));
    expect(readApiConfig({ ...base, LLM_RUNTIMES_FILE: file }).llm.runtimes).toMatchObject([{ name: "local", kind: "ollama" }]);
  });

  test("names each broken entry by its path, all at once, and shows no value", () => {
    const table = {
      runtimes: { local: { kind: "olama" }, Big: local, near: { kind: "ollama", apiKey: "sk-secret", port: 1 } },
      models: {},
    };
    const found = problems(table);
    expect(found.map((line) => line.split(":", 1)[0])).toEqual([
      "LLM_RUNTIMES.runtimes.local.kind",
      "LLM_RUNTIMES.runtimes.Big",
      "LLM_RUNTIMES.runtimes.near",
    ]);
    expect(found.join()).not.toContain("sk-secret");
  });

  test.each([
    [{ runtimes: {} }, "LLM_RUNTIMES.runtimes"],
    [
      { runtimes: { local }, models: { a: { targets: [{ runtime: "gone", model: "m" }] } } },
      "LLM_RUNTIMES.models.a.targets.0.runtime",
    ],
    [{ runtimes: { local }, models: { a: { targets, fallbacks: ["b"] } } }, "LLM_RUNTIMES.models.a.fallbacks.0"],
    [{ runtimes: { local }, models: { a: { targets, fallbacks: ["a"] } } }, "LLM_RUNTIMES.models.a.fallbacks.0"],
    [{ runtimes: { local }, models: { a: { targets } }, defaultModel: "b" }, "LLM_RUNTIMES.defaultModel"],
    [{ runtimes: { local }, routing: "random" }, "LLM_RUNTIMES.routing"],
    [{ runtimes: { paid: { kind: "gemini" } } }, "LLM_RUNTIMES.runtimes.paid.apiKeyFile"],
    [{ runtimes: { paid: { kind: "openai", apiKeyFile: "/nowhere/key" } } }, "LLM_RUNTIMES.runtimes.paid.apiKeyFile"],
    [{ runtimes: { near: { kind: "vllm" } } }, "LLM_RUNTIMES.runtimes.near.baseUrl"],
  ])("%j is refused at %s", (table, path) => {
    expect(problems(table).map((line) => line.split(": got", 1)[0])).toEqual([path]);
  });

  test("is refused when it is no JSON, and beside the variables of a single runtime", () => {
    expect(problems(undefined, { LLM_RUNTIMES: "{" })).toEqual([
      'LLM_RUNTIMES: got "a hidden value"; needs a JSON object of runtimes and models. Set LLM_RUNTIMES_FILE to a file as docs/llm-runtimes.md shows.',
    ]);
    expect(problems({ runtimes: { local } }, { LLM_RUNTIME: "vllm", OLLAMA_BASE_URL: "http://x" })).toEqual([
      'LLM_RUNTIME: got "both LLM_RUNTIME and LLM_RUNTIMES"; needs one of them. Unset LLM_RUNTIME: the table names its runtimes.',
      'OLLAMA_BASE_URL: got "both OLLAMA_BASE_URL and LLM_RUNTIMES"; needs one of them. Unset OLLAMA_BASE_URL: the table names its runtimes.',
    ]);
  });
});

test("one runtime by its variables is the operator's choice for everybody: nobody has to allow it", () => {
  const { runtimes } = readApiConfig({ ...base, LLM_RUNTIME: "openai", OPENAI_API_KEY: "sk-abc" }).llm;
  expect(runtimes).toMatchObject([{ name: "openai", cloud: true, optIn: false }]);
});
