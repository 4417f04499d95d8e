import type { LlmRuntime } from "./keys/app.ts";
import type { Problem } from "../core/errors.ts";

/** Where the application finds its runtime, as its environment says it. */
export interface LlmEndpoint {
  readonly runtime: LlmRuntime;
  /** OpenAI-compatible base URL, ending in /v1. */
  readonly baseUrl: string;
  /** Whether the containers must be able to reach beyond the stack's own networks. */
  readonly outside: boolean;
}

/** Where containers of the stack reach the embedded runtime. */
export const embeddedBaseUrl = "http://llm:8080/v1";

/** The address at which containers reach each runtime by default; null = Fidus does not start it and knows none. */
const defaults: Readonly<Record<LlmRuntime, { readonly baseUrl: string | null; readonly outside: boolean }>> = {
  embedded: { baseUrl: embeddedBaseUrl, outside: false },
  ollama: { baseUrl: null, outside: false },
  "ollama-native": { baseUrl: "http://host.docker.internal:11434/v1", outside: true },
  lmstudio: { baseUrl: "http://host.docker.internal:1234/v1", outside: true },
  vllm: { baseUrl: "http://host.docker.internal:8001/v1", outside: true },
  openai: { baseUrl: "https://api.openai.com/v1", outside: true },
  litellm: { baseUrl: "http://litellm:4000/v1", outside: false },
};

/** Resolves the endpoint; a runtime that cannot run here is a problem with its reason, never a silent substitute. */
export function llmEndpoint(runtime: LlmRuntime, baseUrl: string | null): { endpoint: LlmEndpoint | null; problems: Problem[] } {
  const row = defaults[runtime];
  const url = baseUrl ?? row.baseUrl;
  if (url === null) return { endpoint: null, problems: [notHere(runtime)] };
  if (runtime === "embedded" && baseUrl !== null) return { endpoint: null, problems: [notElsewhere(baseUrl)] };
  return { endpoint: { runtime, baseUrl: url, outside: row.outside || baseUrl !== null }, problems: [] };
}

function notElsewhere(baseUrl: string): Problem {
  return {
    path: "llmBaseUrl",
    got: baseUrl,
    rule: "a runtime that answers there: embedded runs in the stack",
    fix: "pulumi config rm llmBaseUrl",
  };
}

function notHere(runtime: LlmRuntime): Problem {
  return {
    path: "llmRuntime",
    got: runtime,
    rule: `an address of its own (Fidus does not start ${runtime} yet: run it yourself and name it)`,
    fix: "pulumi config set llmBaseUrl http://host.docker.internal:11434/v1",
  };
}
