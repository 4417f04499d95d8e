import { migrate } from "../db/migrate.ts";
import { migrationsFolder } from "../resources.ts";
import { addUser, startApi, type TestApi } from "./api.ts";
import { startPostgres } from "./postgres.ts";
import { startUpstream, type ScriptedUpstream } from "./upstream.ts";

/** The gateway between a scripted runtime and a caller with a key. */
export interface TestGateway {
  readonly api: TestApi;
  readonly upstream: ScriptedUpstream;
  readonly databaseUrl: string;
  readonly userId: string;
  readonly key: string;
  /** Sends a chat request; text goes as it is. @default headers: the caller's key */
  readonly post: (body: unknown, headers?: Record<string, string>, signal?: AbortSignal) => Promise<Response>;
  readonly close: () => Promise<void>;
}

export const question = { model: "test-model", messages: [{ role: "user" as const, content: "Hi" }] };

/** Starts PostgreSQL, a scripted runtime and the api role between them, with heartbeats every 100 ms. */
export async function startGateway(): Promise<TestGateway> {
  const pg = await startPostgres();
  const upstream = await startUpstream();
  const databaseUrl = await pg.createDatabase();
  await migrate(databaseUrl, migrationsFolder());
  const api = await startApi({ databaseUrl, upstream: upstream.url, heartbeatMs: 100, env: { OPENAI_API_KEY: "sk-upstream" } });
  const { apiKey: key, user } = await addUser(api.ctx, "gateway@test");
  return {
    api,
    upstream,
    databaseUrl,
    userId: user.id,
    key,
    post: (body, headers = { authorization: `Bearer ${key}` }, signal) => {
      const text = typeof body === "string" ? body : JSON.stringify(body);
      return fetch(`${api.url}/v1/chat/completions`, { method: "POST", headers, body: text, signal: signal ?? null });
    },
    close: async () => {
      await api.close();
      await upstream.close();
      await pg.stop();
    },
  };
}
