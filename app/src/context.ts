import type { ApiConfig } from "./config.ts";
import { BudgetMeter } from "./budget/meter.ts";
import { createKeyLookup, type KeyOwner } from "./auth/api-keys.ts";
import { Sessions } from "./auth/sessions.ts";
import { Answers } from "./chat/answers.ts";
import { CancelRegistry } from "./chat/cancel.ts";
import { createPool, type Db } from "./db/pool.ts";
import { Limits } from "./http/limits.ts";
import { Metrics } from "./http/metrics.ts";
import { watchStores } from "./http/store-metrics.ts";
import { Lifecycle } from "./lifecycle.ts";
import { Gateway } from "./llm/gateway.ts";
import { ResponseCache } from "./llm/cache/response-cache.ts";
import { LimitedMeter } from "./llm/limited-meter.ts";
import { LlmMetrics } from "./llm/llm-metrics.ts";
import { Probes } from "./llm/probes.ts";
import { Trials } from "./llm/trials.ts";
import type { Meter } from "./llm/usage.ts";
import type { Logger } from "./log.ts";
import { DataKeys } from "./privacy/data-keys.ts";
import { KeyRing } from "./privacy/ring.ts";
import { noTelemetry, type Telemetry } from "./telemetry/telemetry.ts";
import { createRedisBus, type RedisBus } from "./redis.ts";

/** All that the routers of the api role work with; each takes the slice it needs. */
export interface Context {
  readonly config: ApiConfig;
  readonly log: Logger;
  readonly db: Db;
  readonly redis: RedisBus | null;
  readonly sessions: Sessions;
  /** Null: no valid key. */
  readonly ownerOfApiKey: (text: string) => Promise<KeyOwner | null>;
  /** People's keys, for what is sealed at rest. */
  readonly dataKeys: DataKeys;
  /** Stands before every runtime. */
  readonly gateway: Gateway;
  /** Admits requests and is told what they used. */
  readonly meter: Meter;
  readonly probes: Probes;
  readonly answers: Answers;
  readonly cancels: CancelRegistry;
  readonly lifecycle: Lifecycle;
  /** The meter of budgets, to be started with the server. */
  readonly budget: BudgetMeter;
  /** A/B tests of models. */
  readonly trials: Trials;
  readonly limits: Limits;
  readonly metrics: Metrics;
  readonly llmMetrics: LlmMetrics;
  /** Null: answers are not kept. */
  readonly cache: ResponseCache | null;
  readonly telemetry: Telemetry;
  /** Milliseconds between heartbeats of an open stream. */
  readonly heartbeatMs: number;
  /** Begins what works beside requests. */
  readonly start: () => void;
  /** Releases everything, in reverse order. */
  readonly close: () => Promise<void>;
}

/** Builds the parts of the api role. Connects to nothing by itself: the probes do, in the background. */
export function createContext(config: ApiConfig, log: Logger, telemetry: Telemetry = noTelemetry): Context {
  const db = createPool(config.databaseUrl, log.child({ part: "db" }));
  const redis = config.redisUrl === null ? null : createRedisBus(config.redisUrl, log.child({ part: "redis" }));
  const lifecycle = new Lifecycle();
  const dataKeys = new DataKeys(db, new KeyRing(config.encryptionKeys));
  const answers = new Answers({ db, dataKeys, redis, log: log.child({ part: "answers" }) });
  const metrics = new Metrics({ openAnswers: () => lifecycle.openWork });
  const llmMetrics = new LlmMetrics(metrics.registry);
  watchStores(metrics.registry, db, redis);
  const budget = new BudgetMeter({
    config: config.budget,
    db,
    log: log.child({ part: "budget" }),
    limitsWork: () => redis?.ready() ?? true,
    charged: (runtime, amount) => llmMetrics.charged(runtime, amount),
  });
  const limits = new Limits(config.limits, redis?.commands ?? null);
  const gateway = new Gateway(config.llm, llmMetrics, log.child({ part: "gateway" }));
  const probes = new Probes({ gateway, db, redis, log: log.child({ part: "probes" }) });
  const { cache: cacheConfig, sessionSecret: secret } = config;
  const cacheLog = log.child({ part: "cache" });
  const cache =
    cacheConfig === null || redis === null
      ? null
      : new ResponseCache({ config: cacheConfig, redis, secret, registry: metrics.registry, log: cacheLog });
  const cancels = new CancelRegistry(redis);
  const trials = new Trials(db, log);
  return {
    config,
    log,
    db,
    redis,
    sessions: new Sessions(db, config.sessionSecret),
    ownerOfApiKey: createKeyLookup(db),
    dataKeys,
    gateway,
    probes,
    answers,
    cancels,
    lifecycle,
    meter: new LimitedMeter(budget, limits.tokens),
    budget,
    trials,
    limits,
    metrics,
    llmMetrics,
    cache,
    telemetry,
    heartbeatMs: 15_000,
    start: () => {
      answers.start();
      void probes.start();
      budget.start();
      trials.start();
    },
    close: async () => {
      probes.stop();
      trials.stop();
      await budget.close();
      answers.stop();
      await limits.tokens.allowance.close();
      redis?.close();
      await gateway.close();
      await telemetry.close();
      await db.end();
    },
  };
}
