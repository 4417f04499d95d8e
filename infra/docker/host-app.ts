import * as pulumi from "@pulumi/pulumi";
import { loopback } from "../config/published-ports.ts";
import type { LlmEndpoint } from "../config/llm-endpoint.ts";
import type { StackSecrets } from "./stack-secrets.ts";

export interface HostAppArgs {
  readonly secrets: StackSecrets;
  /** Loopback ports of the stores. */
  readonly ports: { readonly postgres: number | null; readonly redis: number | null };
  /** The chosen runtime as this host reaches it; null: none runs. */
  readonly llm: LlmEndpoint | null;
  readonly model: string;
  readonly llmApiKey: pulumi.Output<string> | null;
}

/** Environment with which the application, run on the host from its sources, uses the stores of the stack. Secret. */
export function hostAppEnvironment(args: HostAppArgs): pulumi.Output<Readonly<Record<string, string>>> {
  const { secrets, ports, llm, model, llmApiKey } = args;
  return pulumi.secret(
    pulumi
      .all([secrets.database, secrets.cache, secrets.session, secrets.encryption, llmApiKey ?? ""])
      .apply(([database, cache, session, encryption, key]): Record<string, string> => ({
        ENVIRONMENT: "development",
        LISTEN_ADDRESS: loopback,
        DATABASE_URL: `postgresql://fidus:${database}@${loopback}:${ports.postgres}/fidus`,
        REDIS_URL: `redis://:${cache}@${loopback}:${ports.redis}`,
        SESSION_SECRET: session,
        ENCRYPTION_KEY: encryption,
        ...(llm === null ? {} : { LLM_RUNTIME: llm.runtime, OPENAI_API_BASE_URL: llm.baseUrl, LLM_MODEL: model }),
        ...(key === "" ? {} : { OPENAI_API_KEY: key }),
      })),
  );
}
