/** The one key of the tests' ring. */
export const testEncryptionKey = "vutsrqponmlkjihgfedcba9876543210";

/** What the api role cannot start without. */
export function apiSettings(databaseUrl: string, upstream: string): Record<string, string> {
  return {
    DATABASE_URL: databaseUrl,
    SESSION_SECRET: "0123456789abcdefghijklmnopqrstuv",
    ENCRYPTION_KEY: testEncryptionKey,
    LLM_RUNTIME: "vllm",
    LLM_MODEL: "test-model",
    OPENAI_API_BASE_URL: upstream,
  };
}

/** Settings of the api role: stores and runtime as given, ports of its own on loopback. */
export function apiEnv(databaseUrl: string, upstream: string): Record<string, string> {
  return { ...apiSettings(databaseUrl, upstream), LISTEN_ADDRESS: "127.0.0.1", PORT: "0", METRICS_PORT: "0" };
}
