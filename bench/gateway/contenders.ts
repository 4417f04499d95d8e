import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import getPort from "get-port";
import { createApiKey } from "../../app/src/auth/api-keys.ts";
import { createUser } from "../../app/src/auth/users.ts";
import { migrate } from "../../app/src/db/migrate.ts";
import { createPool } from "../../app/src/db/pool.ts";
import { migrationsFolder } from "../../app/src/resources.ts";
import { startPostgres } from "../../app/src/testing/postgres.ts";
import { startRedis } from "../../app/src/testing/redis.ts";
import { apiEnv } from "../../app/src/testing/settings.ts";
import { createLogger } from "../../app/src/log.ts";
import { measured, type Measured } from "./process.ts";

/** One gateway before the scripted runtime, as one process. */
export interface Contender {
  readonly name: string;
  /** Where chat completions are asked. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly process: Measured;
  /** What it does for each request besides passing it on. */
  readonly work: string;
  readonly stop: () => Promise<void>;
}

const root = join(import.meta.dirname, "../..");
const installed = join(process.env["FIDUS_CACHE"] ?? join(homedir(), ".cache/fidus"), "bench");
const node = process.execPath;
/** Node's options in the image. */
const dockerfile = readFileSync(join(root, "infra/images/app/Dockerfile"), "utf8");
const nodeOptions = (JSON.parse(/^ENTRYPOINT (.+)$/m.exec(dockerfile)?.[1] ?? "[]") as string[]).slice(1, -1);

/** Releases that can be installed and run; why these: shared/facts/llm-runtime.md, section 3. */
const portkey = { version: "1.15.2", honoNodeServer: "1.13.8" };
const litellm = "1.106.2";

/** Our api role with everything on, as production runs it: PostgreSQL and Redis are real, the model has a price. */
export async function startFidus(upstream: string, flags: readonly string[] = []): Promise<Contender> {
  const pg = await startPostgres();
  const redis = await startRedis();
  const databaseUrl = await pg.createDatabase();
  await migrate(databaseUrl, migrationsFolder());
  const db = createPool(databaseUrl, createLogger("silent", "bench", "bench"));
  const user = await createUser(db, { email: "bench@test", name: "bench", role: "user", passwordHash: "none" });
  const { apiKey } = await createApiKey(db, { userId: user.id, name: "bench", ttlSeconds: null });
  await db.end();
  const api = measured(node, [...nodeOptions, ...flags, join(root, "app/src/main.ts"), "api"], {
    ...apiEnv(databaseUrl, upstream),
    NODE_ENV: "production",
    REDIS_URL: redis.url,
    LLM_PRICES: "*=0.001/0.001",
    LLM_BUDGET_USD: "100000",
    RATE_LIMIT_PER_CALLER: "100000000",
    TOKEN_LIMIT_PER_CALLER: "999999999",
    RATE_LIMIT_PER_ADDRESS: "100000000",
  });
  const [, port] = await api.line(/"port":(\d+)[^\n]*"listening"/);
  return {
    name: "Fidus",
    url: `http://127.0.0.1:${port}/v1/chat/completions`,
    headers: { authorization: `Bearer ${apiKey}` },
    process: api,
    work: "checks the key, counts two limits in Redis, reserves and settles a budget and writes a usage row in PostgreSQL, logs two lines, counts metrics",
    stop: async () => {
      await api.stop();
      await redis.stop();
      await pg.stop();
    },
  };
}

/** Portkey's gateway from npm. It checks no key, has no limits, budgets or usage. */
export async function startPortkey(upstream: string): Promise<Contender> {
  const folder = join(installed, `portkey-${portkey.version}`);
  const program = join(folder, "node_modules/@portkey-ai/gateway/build/start-server.js");
  if (!existsSync(program)) {
    mkdirSync(folder, { recursive: true });
    // As installed by itself every stream ends with status 500: its issues 1389 and 1550.
    const overrides = { "@hono/node-server": portkey.honoNodeServer };
    const dependencies = { "@portkey-ai/gateway": portkey.version };
    writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, dependencies, overrides }));
    execFileSync("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: folder, stdio: "inherit" });
  }
  const port = await getPort();
  const gateway = measured(node, [program, `--port=${port}`, "--headless"], { NODE_ENV: "production" });
  const url = `http://127.0.0.1:${port}`;
  await answers(url, gateway);
  return {
    name: `Portkey ${portkey.version}`,
    url: `${url}/v1/chat/completions`,
    headers: { authorization: "Bearer none", "x-portkey-provider": "openai", "x-portkey-custom-host": upstream },
    process: gateway,
    work: `passes the key on unchecked (@hono/node-server ${portkey.honoNodeServer})`,
    stop: gateway.stop,
  };
}

/** One worker of the LiteLLM proxy from PyPI, without a database. */
export async function startLitellm(upstream: string): Promise<Contender> {
  const folder = join(installed, `litellm-${litellm}`);
  const python = join(folder, "bin/python");
  if (!existsSync(join(folder, "bin/litellm"))) {
    execFileSync("python3", ["-m", "venv", folder], { stdio: "inherit" });
    execFileSync(python, ["-m", "pip", "install", "--quiet", `litellm[proxy]==${litellm}`], { stdio: "inherit" });
  }
  const config = join(folder, "bench.json");
  const parameters = { model: "openai/test-model", api_base: upstream, api_key: "none" };
  const models = [{ model_name: "test-model", litellm_params: parameters }];
  writeFileSync(config, JSON.stringify({ model_list: models, general_settings: { master_key: "sk-bench" } }));
  const port = await getPort();
  const args = [
    join(folder, "bin/litellm"),
    "--config",
    config,
    "--port",
    String(port),
    "--num_workers",
    "1",
    "--telemetry",
    "False",
  ];
  const env = { PATH: `${folder}/bin:/usr/bin:/bin`, LITELLM_MODE: "PRODUCTION", LITELLM_LOCAL_MODEL_COST_MAP: "True" };
  const proxy = measured(python, args, env);
  const url = `http://127.0.0.1:${port}`;
  await answers(`${url}/health/liveliness`, proxy);
  return {
    name: `LiteLLM ${litellm}`,
    url: `${url}/v1/chat/completions`,
    headers: { authorization: "Bearer sk-bench" },
    process: proxy,
    work: "checks one master key",
    stop: proxy.stop,
  };
}

async function answers(url: string, { child, stop }: Measured): Promise<void> {
  for (const deadline = Date.now() + 120_000; Date.now() < deadline && child.exitCode === null;) {
    const seen = await fetch(url).catch(() => null);
    await seen?.body?.cancel();
    if (seen !== null && seen.status < 500) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await stop();
  throw new Error(`${url}: got no answer`);
}
