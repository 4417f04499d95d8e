import { z } from "zod";
import { llmRuntimes } from "../settings.ts";
import { endpoints } from "./usage.ts";

/** How the next target of a model is chosen. */
const routings = ["least-busy", "shuffle", "latency"] as const;
export type Routing = (typeof routings)[number];

const name = z.string().regex(/^[\w.:/@-]{1,200}$/, "needs 1 to 200 letters, digits or . : / @ _ -");
const label = z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/, "needs 1 to 40 lower-case letters, digits or dashes");
const httpUrl = z
  .string()
  .refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), "needs an http(s) URL")
  .transform((text) => text.replace(/\/+$/, ""));

const runtime = z.strictObject({
  kind: z.enum(llmRuntimes),
  /** Ends in /v1, or in the runtime's own path. */
  baseUrl: httpUrl.optional(),
  apiKey: z.string().min(1).optional(),
  /** File that holds the key. */
  apiKeyFile: z.string().startsWith("/", "needs an absolute path").optional(),
  /** Leaves the house: only for people who allowed it. */
  cloud: z.boolean().optional(),
  /** Requests it is given at once. */
  concurrency: z.int().min(1).max(10_000).optional(),
  /** Requests that may wait for a free place. */
  queue: z.int().min(0).max(100_000).default(256),
  /** Longest wait in seconds. */
  queueSeconds: z.number().positive().max(3_600).default(30),
  endpoints: z.array(z.enum(endpoints)).min(1).optional(),
  /** False: it does not know `stream_options`. */
  usageInStream: z.boolean().optional(),
  /** Tokens of prompt and answer together. */
  contextTokens: z.int().min(256).optional(),
  /** Models to load whenever it comes up. */
  warmUp: z.array(name).default([]),
});

const model = z.strictObject({
  /** Equal choices: the routing picks. */
  targets: z.array(z.strictObject({ runtime: label, model: name })).min(1),
  /** Other models of this table, in the order in which they stand in. */
  fallbacks: z.array(name).default([]),
});

/** Several runtimes, the names their models are offered under, and who stands in for whom. The JSON of LLM_RUNTIMES. */
export const runtimeTable = z
  .strictObject({
    runtimes: z.record(label, runtime).refine((all) => Object.keys(all).length > 0, "needs one runtime or more"),
    models: z.record(name, model).default({}),
    routing: z.enum(routings).default("least-busy"),
    /** Used when the caller names no model. */
    defaultModel: name.optional(),
  })
  .superRefine(({ runtimes, models, defaultModel }, context) => {
    const bad = (path: (string | number)[], message: string) => context.addIssue({ code: "custom", path, message });
    for (const [alias, { targets, fallbacks }] of Object.entries(models)) {
      targets.forEach((target, index) => {
        if (!Object.hasOwn(runtimes, target.runtime))
          bad(["models", alias, "targets", index, "runtime"], "needs a name of runtimes");
      });
      fallbacks.forEach((fallback, index) => {
        const known = fallback !== alias && Object.hasOwn(models, fallback);
        if (!known) bad(["models", alias, "fallbacks", index], "needs another name of models");
      });
    }
    const named = Object.keys(models).length > 0;
    if (named && defaultModel !== undefined && !Object.hasOwn(models, defaultModel))
      bad(["defaultModel"], "needs a name of models");
  });
export type RuntimeTable = z.output<typeof runtimeTable>;
