import { migrate } from "../db/migrate.ts";
import type { Env } from "../env.ts";
import { allowCloud } from "../llm/consent.ts";
import type { Admission, Candidate, Demand, Meter, Settlement, Usage } from "../llm/usage.ts";
import { migrationsFolder } from "../resources.ts";
import { addUser, startApi, type TestApi } from "./api.ts";
import { startPostgres } from "./postgres.ts";
import { startUpstream, type ScriptedUpstream } from "./upstream.ts";

/** Keeps what it is told, and pays for as many tokens as a test says. */
export class RecordingMeter implements Meter {
  readonly demands: Demand[] = [];
  readonly settlements: Settlement[] = [];
  readonly cachedAnswers: { readonly call: Parameters<Meter["cached"]>[0]; readonly usage: Usage }[] = [];
  maxTokens: number | null = null;

  admit(demand: Demand): Admission {
    this.demands.push(demand);
    const { candidates } = demand;
    return { candidates, maxTokens: this.maxTokens, settle: (settlement) => void this.settlements.push(settlement) };
  }

  cached(call: Parameters<Meter["cached"]>[0], _candidate: Candidate, usage: Usage): void {
    this.cachedAnswers.push({ call, usage });
  }
}

/** The gateway before several scripted runtimes, with the table that a test writes. */
export interface TestRuntimes {
  readonly api: TestApi;
  readonly meter: RecordingMeter;
  /** Of a caller who allowed cloud models, and of one who did not. */
  readonly keys: { readonly allowing: string; readonly other: string };
  readonly url: string;
  /** POST below /v1 as the caller who allowed cloud models; text goes as it is. */
  readonly post: (path: string, body: unknown, init?: { key?: string; signal?: AbortSignal }) => Promise<Response>;
  readonly close: () => Promise<void>;
}

/** Starts it before these runtimes. @param table gets the base of each and gives LLM_RUNTIMES @param more other settings */
export async function startRuntimes<Name extends string>(
  names: readonly Name[],
  table: (base: Readonly<Record<Name, string>>) => unknown,
  more: Env = {},
): Promise<TestRuntimes & { readonly upstreams: Readonly<Record<Name, ScriptedUpstream>> }> {
  const pg = await startPostgres();
  const started = await Promise.all(names.map(async (name) => [name, await startUpstream([`${name}-model`])] as const));
  const upstreams = Object.fromEntries(started) as Record<Name, ScriptedUpstream>;
  const bases = Object.fromEntries(started.map(([name, { url }]) => [name, url])) as Record<Name, string>;
  const databaseUrl = await pg.createDatabase();
  await migrate(databaseUrl, migrationsFolder());
  const meter = new RecordingMeter();
  const single = { LLM_RUNTIME: undefined, LLM_MODEL: undefined, OPENAI_API_BASE_URL: undefined };
  const env = { ...single, ...more, LLM_RUNTIMES: JSON.stringify(table(bases)) };
  const api = await startApi({ databaseUrl, upstream: "", heartbeatMs: 100, meter, env });
  const { apiKey: allowing, user } = await addUser(api.ctx, "allowing@test");
  const { apiKey: other } = await addUser(api.ctx, "other@test");
  await allowCloud(api.ctx.db, user.id, true);
  return {
    api,
    meter,
    upstreams,
    keys: { allowing, other },
    url: `${api.url}/v1`,
    post: (path, body, { key = allowing, signal } = {}) => {
      const text = typeof body === "string" ? body : JSON.stringify(body);
      const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
      return fetch(`${api.url}/v1${path}`, { method: "POST", headers, body: text, signal: signal ?? null });
    },
    close: async () => {
      await api.close();
      await Promise.all(started.map(([, upstream]) => upstream.close()));
      await pg.stop();
    },
  };
}
