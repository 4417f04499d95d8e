import type { LlmRuntime } from "../config/keys.ts";
import type { Problem } from "../core/errors.ts";

/** Where the application finds its runtime, as its environment says it. */
export interface LlmEndpoint {
  readonly runtime: LlmRuntime;
  /** OpenAI-compatible base URL, ending in /v1. */
  readonly baseUrl: string;
  /** Whether the containers must be able to reach beyond the stack's own networks. */
  readonly outside: boolean;
}

/** The runtimes that run on the host or elsewhere, and the address containers reach them at by default. */
const defaults: Readonly<Record<LlmRuntime, { readonly baseUrl: string | null; readonly outside: boolean }>> = {
  embedded: { baseUrl: "http://llm:8080/v1", outside: false },
  ollama: { baseUrl: null, outside: false },
  "ollama-native": { baseUrl: "http://host.docker.internal:11434/v1", outside: true },
  lmstudio: { baseUrl: "http://host.docker.internal:1234/v1", outside: true },
  vllm: { baseUrl: "http://host.docker.internal:8001/v1", outside: true },
  openai: { baseUrl: "https://api.openai.com/v1", outside: true },
  litellm: { baseUrl: null, outside: false },
};

/** Resolves the endpoint; a runtime that cannot run here is a problem with its reason, never a silent substitute. */
export function llmEndpoint(runtime: LlmRuntime, baseUrl: string | null): { endpoint: LlmEndpoint | null; problems: Problem[] } {
  const row = defaults[runtime];
  const url = baseUrl ?? row.baseUrl;
  if (url === null) return { endpoint: null, problems: [notHere(runtime)] };
  return { endpoint: { runtime, baseUrl: url, outside: row.outside || baseUrl !== null }, problems: [] };
}

function notHere(runtime: LlmRuntime): Problem {
  return {
    path: "llmRuntime",
    got: runtime,
    rule: `an address of its own (Fidus does not start ${runtime} yet: run it yourself and name it)`,
    fix: `pulumi config set llmBaseUrl http://host.docker.internal:${runtime === "ollama" ? 11434 : 4000}/v1`,
  };
}
