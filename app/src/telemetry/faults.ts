import { createStackParser, createTransport, type Transport } from "@sentry/core";
import { nodeStackLineParser, ServerRuntimeClient } from "@sentry/core/server";
import type { ApiConfig } from "../config.ts";
import { AppError } from "../errors.ts";

/** Reports that may wait; more are dropped. */
const bufferSize = 32;
const timeoutMs = 5_000;

/** Faults for Sentry: kind, code and place in our code. Texts stay here, for they may quote what people wrote. */
export function createFaults(
  dsn: string,
  { version, environment }: Pick<ApiConfig, "version" | "environment">,
): { readonly fault: (error: unknown, tags: Readonly<Record<string, string>>) => void; readonly close: () => Promise<unknown> } {
  const stackParser = createStackParser(nodeStackLineParser());
  const client = new ServerRuntimeClient({
    dsn,
    environment,
    release: `fidus@${version}`,
    platform: "node",
    integrations: [],
    sendClientReports: false,
    stackParser,
    transport: (options): Transport =>
      createTransport({ ...options, bufferSize }, async ({ body }) => {
        const { url } = options;
        const response = await fetch(url, { method: "POST", body: body as string, signal: AbortSignal.timeout(timeoutMs) });
        await response.arrayBuffer();
        const header = (name: string): string | null => response.headers.get(name);
        return {
          statusCode: response.status,
          headers: { "x-sentry-rate-limits": header("x-sentry-rate-limits"), "retry-after": header("retry-after") },
        };
      }),
  });
  client.init();
  return {
    fault: (error, tags) => {
      const type = error instanceof Error ? error.name : typeof error;
      const value = error instanceof AppError ? error.code : "(kept)";
      const stack = error instanceof Error ? (error.stack ?? "").replace(error.message, "") : "";
      client.captureEvent({
        level: "error",
        tags: { ...tags },
        exception: { values: [{ type, value, stacktrace: { frames: stackParser(stack) } }] },
      });
    },
    close: async () => client.close(1_500),
  };
}
