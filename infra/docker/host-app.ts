import * as pulumi from "@pulumi/pulumi";
import { loopback } from "../config/published-ports.ts";
import type { LlmEndpoint } from "../config/llm-endpoint.ts";
import type { AppSettings } from "./app-settings.ts";
import type { StackSecrets } from "./stack-secrets.ts";

export interface HostAppArgs {
  readonly secrets: StackSecrets;
  /** Loopback ports of the stores. */
  readonly ports: { readonly postgres: number | null; readonly redis: number | null };
  /** The chosen runtime as this host reaches it; null: none runs. */
  readonly llm: LlmEndpoint | null;
  readonly model: string;
  /** What the operator chose for the application. */
  readonly settings: AppSettings;
  readonly llmApiKey: pulumi.Output<string> | null;
}

/** Environment with which the application, run on the host from its sources, uses the stores of the stack. Secret. */
export function hostAppEnvironment(args: HostAppArgs): pulumi.Output<Readonly<Record<string, string>>> {
  const { secrets, ports, llm, model, settings, llmApiKey } = args;
  const one = settings.table ? null : llm;
  return pulumi.secret(
    pulumi
      .all([
        secrets.database,
        secrets.cache,
        secrets.session,
        secrets.encryption,
        settings.table ? "" : (llmApiKey ?? ""),
        settings.secrets,
      ])
      .apply(([database, cache, session, encryption, key, chosen]): Record<string, string> => ({
        ...settings.common,
        ...settings.api,
        ...settings.worker,
        ...chosen,
        ENVIRONMENT: "development",
        LISTEN_ADDRESS: loopback,
        DATABASE_URL: `postgresql://fidus:${database}@${loopback}:${ports.postgres}/fidus`,
        REDIS_URL: `redis://:${cache}@${loopback}:${ports.redis}`,
        SESSION_SECRET: session,
        ENCRYPTION_KEY: encryption,
        ...(llm === null && !settings.table ? {} : { LLM_MODEL: model }),
        ...(one === null ? {} : { LLM_RUNTIME: one.runtime, OPENAI_API_BASE_URL: one.baseUrl }),
        ...(key === "" ? {} : { OPENAI_API_KEY: key }),
      })),
  );
}
