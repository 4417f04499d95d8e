import type { LlmRuntime } from "../../settings.ts";
import type { Adapter } from "./adapter.ts";
import { anthropic } from "./anthropic.ts";
import { compatible } from "./compatible.ts";
import { embedded } from "./embedded.ts";
import { gemini } from "./gemini.ts";
import { litellm } from "./litellm.ts";
import { lmstudio } from "./lmstudio.ts";
import { ollama, ollamaNative } from "./ollama.ts";
import { openai } from "./openai.ts";
import { vllm } from "./vllm.ts";

/** Every kind of runtime the gateway can stand before. */
export const adapters: Readonly<Record<LlmRuntime, Adapter>> = {
  embedded,
  ollama,
  "ollama-native": ollamaNative,
  lmstudio,
  vllm,
  openai,
  anthropic,
  gemini,
  compatible,
  litellm,
};
