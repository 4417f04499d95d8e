import type { Edition, KeySpec } from "../spec.ts";

export const llmRuntimes = ["embedded", "ollama", "ollama-native", "lmstudio", "vllm", "openai", "litellm"] as const;
export type LlmRuntime = (typeof llmRuntimes)[number];

/** Editions whose stacks run the application. */
const withApp = ["community", "starter", "pro", "enterprise-region"] as const satisfies readonly Edition[];
/** Runtimes of a server: what needs a desktop stays in community. */
const onServers = ["embedded", "ollama", "vllm", "openai", "litellm"] as const;

/** The application and its language model. */
export const appKeys = {
  services: {
    type: "choice",
    allowed: ["all", "dependencies"],
    default: "all",
    editions: ["community"],
    effect: "update",
    about: "all = the whole product; dependencies = only PostgreSQL and Redis, for development with the app on the host.",
  },
  llmRuntime: {
    type: "choice",
    allowed: llmRuntimes,
    editions: withApp,
    effect: "restart",
    by: "fidus",
    in: {
      starter: { allowed: onServers, default: "embedded", by: "operator", planned: true },
      pro: { allowed: onServers, default: "embedded", by: "operator", effect: "update" },
      "enterprise-region": { allowed: ["vllm", "openai", "litellm"], default: "vllm", by: "operator", planned: true },
    },
    about: "What answers: embedded, alone or behind litellm, runs in the stack, as vllm does in enterprise; others over HTTP.",
  },
  model: {
    type: "string",
    editions: withApp,
    effect: "restart",
    by: "fidus",
    in: {
      starter: { default: "llama3.1:8b", by: "operator", planned: true },
      pro: { default: "llama3.1:8b", by: "operator", planned: true },
      "enterprise-region": { default: "meta-llama/Llama-3.1-8B-Instruct", by: "operator", planned: true },
    },
    about: "Model id: a row of the model table for embedded, else the runtime's own name.",
  },
  llmBaseUrl: {
    type: "url",
    default: null,
    editions: withApp,
    effect: "restart",
    example: "https://llm.internal/v1",
    in: { starter: { planned: true }, pro: { effect: "update" }, "enterprise-region": { planned: true } },
    about: "Where the runtime answers, as the application sees it; default per runtime. With litellm: a gateway of your own.",
  },
  llmApiKey: {
    type: "string",
    secret: true,
    default: null,
    editions: withApp,
    effect: "restart",
    in: { starter: { planned: true }, pro: { planned: true }, "enterprise-region": { planned: true } },
    about: "Key for the runtime, where it asks for one.",
  },
  llmThreads: {
    type: "integer",
    between: [1, 64],
    default: 1,
    editions: ["community", "starter", "pro"],
    effect: "restart",
    in: { starter: { planned: true }, pro: { planned: true } },
    about: "Threads of the embedded runtime; one is fastest where cores are shared.",
  },
  llmIdleSeconds: {
    type: "integer",
    between: [10, 86_400],
    default: 300,
    editions: ["community", "starter", "pro"],
    effect: "restart",
    in: { starter: { planned: true }, pro: { planned: true } },
    about: "Seconds without a question after which the embedded model leaves memory; the next question loads it again.",
  },
  apiReplicas: {
    type: "integer",
    between: [1, 8],
    default: 1,
    editions: ["community", "starter"],
    effect: "update",
    in: { starter: { default: 2, planned: true } },
    about: "How many API containers share the work.",
  },
} as const satisfies Record<string, KeySpec>;
