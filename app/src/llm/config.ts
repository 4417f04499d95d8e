import { readFileSync } from "node:fs";
import type { z } from "zod";
import type { Problem } from "../problems.ts";
import { settings, type LlmRuntime, type RedactionMode, type Values } from "../settings.ts";
import { adapters } from "./adapters/index.ts";
import { runtimeTable, type Routing, type RuntimeTable } from "./table.ts";
import type { Candidate, Endpoint } from "./usage.ts";

export const defaultContextTokens = 4096;

/** One runtime with all that its adapter leaves open settled. */
export interface RuntimeConfig {
  /** Bounded: a label of metrics and logs. */
  readonly name: string;
  readonly kind: LlmRuntime;
  /** OpenAI-compatible base, ends in /v1 (or the runtime's own path), no trailing slash. */
  readonly baseUrl: string;
  readonly apiKey: string | null;
  /** True: what is asked leaves the house. */
  readonly cloud: boolean;
  /** True: only for people who allowed it. */
  readonly optIn: boolean;
  /** What is taken out of requests to it; always off where nothing leaves the house. */
  readonly redaction: RedactionMode;
  readonly concurrency: number;
  readonly queue: number;
  readonly queueSeconds: number;
  readonly endpoints: readonly Endpoint[];
  readonly usageInStream: boolean;
  /** Tokens of prompt and answer together; null: unknown. */
  readonly contextTokens: number | null;
  readonly warmUp: readonly string[];
}

/** Who answers for one alias. */
export interface ModelRoute {
  readonly targets: readonly Pick<Candidate, "runtime" | "model">[];
  readonly fallbacks: readonly string[];
}

/** Where answers come from. */
export interface LlmConfig {
  /** Never empty; the first is the one that the status of the language model speaks of. */
  readonly runtimes: readonly RuntimeConfig[];
  /** Aliases; empty: models go under the names their runtimes give them. */
  readonly models: Readonly<Record<string, ModelRoute>>;
  readonly routing: Routing;
  /** Model used when the caller names none; null: the first one a runtime lists. */
  readonly model: string | null;
  /** True: the model only shows that the plumbing works. */
  readonly demo: boolean;
  /** Command that picks a better model. */
  readonly nextStep: string | null;
  /** Tokens of prompt and answer together that a chat request may use. */
  readonly contextTokens: number;
}

/** The variables of a single runtime: beside a table they would be a second truth. */
const single = ["LLM_RUNTIME", "OPENAI_API_BASE_URL", "OPENAI_API_KEY", "OLLAMA_BASE_URL"] as const;

/** Reads where answers come from: the table of LLM_RUNTIMES, or the variables of one runtime. */
export function llmConfig(values: Values): { config: LlmConfig; problems: Problem[] } {
  const problems: Problem[] = [];
  const table = values.LLM_RUNTIMES === undefined ? singleRuntime(values, problems) : readTable(values, problems);
  const names = Object.keys(table.models);
  const config: LlmConfig = {
    runtimes: Object.entries(table.runtimes).map(([name, entry]) => settle(name, entry, values, problems)),
    models: table.models,
    routing: table.routing,
    model: values.LLM_MODEL ?? table.defaultModel ?? names[0] ?? null,
    demo: values.LLM_DEMO ?? false,
    nextStep: values.LLM_NEXT_STEP ?? null,
    contextTokens: values.LLM_CONTEXT_TOKENS ?? defaultContextTokens,
  };
  return { config, problems };
}

const empty: RuntimeTable = { runtimes: {}, models: {}, routing: "least-busy" };

function readTable(values: Values, problems: Problem[]): RuntimeTable {
  for (const name of single.filter((one) => values[one] !== undefined)) {
    problems.push({
      path: name,
      got: `both ${name} and LLM_RUNTIMES`,
      rule: "one of them",
      fix: `Unset ${name}: the table names its runtimes.`,
    });
  }
  const parsed = runtimeTable.safeParse(values.LLM_RUNTIMES);
  if (parsed.success) return parsed.data;
  problems.push(...parsed.error.issues.map(tableProblem));
  return empty;
}

/** Values of the table may be keys: none is shown. */
function tableProblem({ path, message }: z.core.$ZodIssue): Problem {
  const { fix } = settings.LLM_RUNTIMES;
  const rule = message.replace(/^needs /, "").replace(/^Invalid (input|option): /, "");
  return { path: ["LLM_RUNTIMES", ...path.map(String)].join("."), got: "a hidden value", rule, fix };
}

type Entry = RuntimeTable["runtimes"][string];

/** One runtime by the variables. It is the operator's choice for everybody, so nobody has to allow it. */
function singleRuntime(values: Values, problems: Problem[]): RuntimeTable {
  const kind = values.LLM_RUNTIME ?? "embedded";
  const ollama = kind.startsWith("ollama") && values.OLLAMA_BASE_URL !== undefined ? `${values.OLLAMA_BASE_URL}/v1` : undefined;
  const { baseUrl: known, needsKey } = adapters[kind];
  const baseUrl = ollama ?? values.OPENAI_API_BASE_URL ?? known;
  if (baseUrl === null) {
    const { rule, fix } = settings.OPENAI_API_BASE_URL;
    problems.push({ path: "OPENAI_API_BASE_URL", got: undefined, rule: `${rule} for LLM_RUNTIME=${kind}`, fix });
  }
  if (needsKey && values.OPENAI_API_KEY === undefined) {
    const { rule, fix } = settings.OPENAI_API_KEY;
    problems.push({ path: "OPENAI_API_KEY", got: undefined, rule, fix });
  }
  const entry: Entry = {
    kind,
    baseUrl: baseUrl ?? "http://unset",
    apiKey: values.OPENAI_API_KEY,
    queue: 256,
    queueSeconds: 30,
    warmUp: [],
  };
  return { ...empty, runtimes: { [kind]: entry } };
}

/** Fills in what the adapter knows, and reads the key's file. */
function settle(name: string, entry: Entry, values: Values, problems: Problem[]): RuntimeConfig {
  const adapter = adapters[entry.kind];
  const fromTable = values.LLM_RUNTIMES !== undefined;
  const path = `LLM_RUNTIMES.runtimes.${name}`;
  const apiKey = entry.apiKeyFile === undefined ? (entry.apiKey ?? null) : readKey(entry.apiKeyFile, path, problems);
  const baseUrl = entry.baseUrl ?? adapter.baseUrl;
  if (fromTable && baseUrl === null) problems.push(missing(`${path}.baseUrl`, settings.OPENAI_API_BASE_URL.rule));
  if (fromTable && adapter.needsKey && entry.apiKey === undefined && entry.apiKeyFile === undefined) {
    problems.push(missing(`${path}.apiKeyFile`, "a file that holds the key"));
  }
  const cloud = entry.cloud ?? adapter.cloud;
  return {
    name,
    kind: entry.kind,
    baseUrl: baseUrl ?? "http://unset",
    apiKey,
    cloud,
    optIn: fromTable && cloud,
    redaction: cloud ? (values.CLOUD_REDACTION ?? "on") : "off",
    concurrency: entry.concurrency ?? adapter.concurrency,
    queue: entry.queue,
    queueSeconds: entry.queueSeconds,
    endpoints: entry.endpoints ?? adapter.endpoints,
    usageInStream: entry.usageInStream ?? adapter.usageInStream,
    contextTokens: entry.contextTokens ?? (fromTable ? null : (values.LLM_CONTEXT_TOKENS ?? null)),
    warmUp: entry.warmUp,
  };
}

function missing(path: string, rule: string): Problem {
  return { path, got: undefined, rule, fix: settings.LLM_RUNTIMES.fix };
}

function readKey(file: string, path: string, problems: Problem[]): string | null {
  try {
    const key = readFileSync(file, "utf8").trim();
    if (key !== "") return key;
    problems.push({ path: `${path}.apiKeyFile`, got: file, rule: "a file that is not empty", fix: "Write the key into it." });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "an error";
    problems.push({
      path: `${path}.apiKeyFile`,
      got: file,
      rule: `a readable file (${code})`,
      fix: "Check the path and its owner.",
    });
  }
  return null;
}
