import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { createApiKey } from "../auth/api-keys.ts";
import { hashPassword } from "../auth/password.ts";
import { createUser, type User } from "../auth/users.ts";
import { readApiConfig } from "../config.ts";
import { createContext, type Context } from "../context.ts";
import type { Env } from "../env.ts";
import { createApp } from "../http/app.ts";
import { close, listen } from "../lifecycle.ts";
import type { Meter } from "../llm/usage.ts";
import { createLogger } from "../log.ts";
import { createTelemetry } from "../telemetry/telemetry.ts";
import { apiSettings } from "./settings.ts";

/** The program whose first argument is a role. */
export const appProgram = fileURLToPath(new URL("../main.ts", import.meta.url));

export interface TestApi {
  readonly url: string;
  readonly ctx: Context;
  readonly close: () => Promise<void>;
}

export interface TestApiOptions {
  readonly databaseUrl: string;
  /** Base of the runtime, ends in /v1. */
  readonly upstream: string;
  readonly heartbeatMs?: number;
  /** Counts what is used. @default the app's own */
  readonly meter?: Meter;
  readonly env?: Env;
  /** Folder of the built pages, served too. @default null */
  readonly webRoot?: string | null;
}

/** The api role in this process on a free port, as production builds it, heartbeats apart. */
export async function startApi({
  databaseUrl,
  upstream,
  heartbeatMs = 15_000,
  meter,
  env = {},
  webRoot = null,
}: TestApiOptions): Promise<TestApi> {
  const config = readApiConfig({
    ...apiSettings(databaseUrl, upstream),
    LOG_LEVEL: "silent",
    ...env,
  });
  const built = createContext(config, createLogger(config.logLevel, "test", "test"), await createTelemetry(config));
  // This process is the test's runner, which knows no roles.
  const knowledge = { ...config.knowledge, readerProgram: appProgram };
  const ctx = { ...built, config: { ...config, knowledge }, heartbeatMs, meter: meter ?? built.meter };
  const server = createServer(createApp(ctx, webRoot));
  const port = await listen(server, 0);
  ctx.answers.start();
  await ctx.probes.start();
  ctx.budget.start();
  ctx.trials.start();
  return {
    url: `http://127.0.0.1:${port}`,
    ctx,
    close: async () => {
      server.closeAllConnections();
      await close(server);
      await ctx.close();
    },
  };
}

export const password = "correct horse battery staple";
let passwordHash: Promise<string> | undefined;

/** An account with {@link password} and a key. */
export async function addUser(
  { db }: Pick<Context, "db">,
  email: string,
): Promise<{ user: User; apiKey: string; keyId: string }> {
  passwordHash ??= hashPassword(password);
  const user = await createUser(db, { email, name: email, role: "user", passwordHash: await passwordHash });
  const { apiKey, id } = await createApiKey(db, { userId: user.id, name: "test", ttlSeconds: null });
  return { user, apiKey, keyId: id };
}

/** Headers the page sends with every changing request. */
export const pageHeaders = { "content-type": "application/json", origin: "http://localhost:3000", "x-fidus-csrf": "1" } as const;

/** Signs in and returns the headers of a signed-in page. */
export async function signIn(api: TestApi, email: string): Promise<Record<string, string>> {
  const response = await fetch(`${api.url}/api/v1/auth/login`, {
    method: "POST",
    headers: pageHeaders,
    body: JSON.stringify({ email, password }),
  });
  const cookie = response.headers.getSetCookie()[0]?.split(";", 1)[0];
  if (response.status !== 200 || cookie === undefined) throw new Error(`login: ${response.status} ${await response.text()}`);
  return { ...pageHeaders, cookie };
}

/** Waits until `check` is truthy. @throws after `withinMs` */
export async function until<T>(check: () => T | Promise<T>, withinMs = 5_000): Promise<NonNullable<T>> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const value = await check();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`condition not met within ${withinMs} ms: ${check.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Milliseconds a promise takes. */
export async function timed(promise: Promise<unknown>): Promise<number> {
  const started = performance.now();
  await promise;
  return performance.now() - started;
}
