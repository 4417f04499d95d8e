import * as pulumi from "@pulumi/pulumi";
import { describe, expect, test } from "vitest";
import { readApiConfig, readWorkerConfig } from "../app/src/config.ts";
import { readEnv } from "../app/src/env.ts";
import { settings } from "../app/src/settings.ts";
import { parseConfig } from "../infra/config/parse.ts";
import { complete, secretNames } from "../infra/config/testing.ts";
import { appSettings, fixedSettings, type AppSettings } from "../infra/docker/app-settings.ts";

/** Every key that becomes a setting, with a value. */
const everything = {
  llmRuntimes: JSON.stringify({
    runtimes: { local: { kind: "embedded" }, cloud: { kind: "openai" } },
    models: {
      "smollm2:135m": { targets: [{ runtime: "local", model: "smollm2:135m" }], fallbacks: ["paid"] },
      paid: { targets: [{ runtime: "cloud", model: "gpt-4o-mini" }] },
    },
    routing: "latency",
  }),
  llmKeys: '{"cloud":"sk-0123456789abcdef"}',
  llmPrices: "gpt-4o-mini=0.15/0.60;gpt-4o=2.50/10",
  llmBudget: "40 USD",
  llmBudgetAlert: "7.50 USD",
  llmMaxOutputTokens: "4000",
  llmContextTokens: "8192",
  rateLimitPerCaller: "600",
  rateLimitPerAddress: "none",
  tokenLimitPerCaller: "100000",
  embeddingModel: "nomic-embed-text",
  retentionDays: "365",
  cloudRedaction: "text",
  responseCache: "tenant",
  responseCacheSeconds: "60",
  authProvider: "keycloak",
  oidcIssuer: "https://id.fidus.test/realms/fidus",
  oidcClientId: "fidus",
  oidcClientSecret: "secret-of-the-client",
  oidcRolesClaim: "groups",
  oidcAdminRole: "fidus-admin",
  corsOrigins: "https://a.fidus.test,http://b.fidus.test:8080",
  logLevel: "warn",
  otlpEndpoint: "http://collector.fidus.test:4318",
  sentryDsn: "https://0123456789abcdef@sentry.fidus.test/1",
  langfuseUrl: "https://langfuse.fidus.test",
  langfusePublicKey: "pk-lf-1",
  langfuseSecretKey: "sk-lf-0123456789abcdef",
};
const auth0 = { ...everything, authProvider: "auth0", oidcIssuer: "https://fidus.eu.auth0.com" };

function chosen(changes: Record<string, string>): AppSettings {
  const { values, problems } = parseConfig("community", { ...complete.community, ...changes }, secretNames);
  expect(problems).toEqual([]);
  const marked = Object.entries(values).map(([name, value]) => [
    name,
    secretNames.has(name) && value !== null ? pulumi.secret(value as string) : value,
  ]);
  return appSettings(Object.fromEntries(marked) as Parameters<typeof appSettings>[0]);
}

/** What the api role gets: plain variables, and the secret ones that come in files. */
async function environment(changes: Record<string, string>): Promise<Record<string, string>> {
  const { common, api, secrets } = chosen(changes);
  const opened = await new Promise<Record<string, string>>((resolve) => pulumi.output(secrets).apply(resolve));
  return { ...common, ...api, ...opened };
}

/** What the worker gets. */
async function workerEnvironment(changes: Record<string, string>): Promise<Record<string, string>> {
  const { common, worker, secrets } = chosen(changes);
  const opened = await new Promise<Record<string, string>>((resolve) => pulumi.output(secrets).apply(resolve));
  const { LLM_RUNTIMES } = opened;
  return { ...common, ...worker, ...(LLM_RUNTIMES === undefined ? {} : { LLM_RUNTIMES }) };
}

const base = {
  DATABASE_URL: "postgres://fidus:pw@postgres/fidus",
  REDIS_URL: "redis://redis:6379",
  SESSION_SECRET: "kJ8sP2qLx0vN4tRz7bYw1mC5dE9fG3hA",
  ENCRYPTION_KEY: "3hAkJ8sP2qLx0vN4tRz7bYw1mC5dE9fG",
};

test("every variable that the app reads is set from a key, or listed with the reason why not", async () => {
  const given = [await environment(everything), await environment(auth0), await workerEnvironment(everything)];
  const fromKeys = new Set(given.flatMap((variables) => Object.keys(variables)));
  const fixed = Object.keys(fixedSettings);
  expect([...fromKeys].filter((name) => fixed.includes(name))).toEqual([]);
  expect([...fromKeys, ...fixed].sort()).toEqual(Object.keys(settings).sort());
});

test("what the keys say is what the app reads", async () => {
  const config = readApiConfig({ ...base, ...(await environment(everything)) });
  expect(config.llm.runtimes.map(({ name, apiKey }) => [name, apiKey])).toEqual([
    ["local", null],
    ["cloud", "sk-0123456789abcdef"],
  ]);
  expect([config.llm.routing, config.llm.contextTokens]).toEqual(["latency", 8192]);
  expect(config.budget).toMatchObject({ tenantCap: 40e9, tenantAlert: 7.5e9, maxOutputTokens: 4000 });
  expect(config.budget.prices.size).toBe(2);
  expect(config.cache).toMatchObject({ mode: "tenant", ttlSeconds: 60 });
  expect(config.limits).toMatchObject({ perCaller: 600, perAddress: null, tokensPerCaller: 100_000 });
  expect(config.auth).toMatchObject({ provider: "keycloak", oidc: { clientId: "fidus", rolesClaim: "groups" } });
  expect(config.corsOrigins).toEqual(["https://a.fidus.test", "http://b.fidus.test:8080"]);
  const { auth } = readApiConfig({ ...base, ...(await environment(auth0)) });
  expect(auth.oidc?.issuer.href).toBe("https://fidus.eu.auth0.com/");
});

test("the worker asks as the API does: the same runtimes, prices, budgets, redaction and model for embeddings", async () => {
  const api = readApiConfig({ ...base, ...(await environment(everything)) });
  const worker = readWorkerConfig({ ...base, ...(await workerEnvironment(everything)) });
  expect([worker.llm, worker.budget, worker.knowledge]).toEqual([api.llm, api.budget, api.knowledge]);
  expect([worker.knowledge.embeddingModel, worker.retentionDays]).toEqual(["nomic-embed-text", 365]);
});

test("keys that are left alone leave the app's own defaults", async () => {
  const env = await environment({});
  expect(readApiConfig({ ...base, ...env })).toEqual(readApiConfig(base));
  expect(readWorkerConfig({ ...base, ...(await workerEnvironment({})) })).toEqual(readWorkerConfig(base));
});

test("secret settings are secret, and no plain one carries a secret's value", async () => {
  const { common, api, worker, llm, secrets } = chosen(everything);
  for (const [name, value] of Object.entries(secrets)) expect(await pulumi.isSecret(value), name).toBe(true);
  expect(Object.keys(secrets).every((name) => "secret" in settings[name as keyof typeof settings])).toBe(true);
  const plain = JSON.stringify([common, api, worker, llm]);
  for (const key of ["llmKeys", "oidcClientSecret", "sentryDsn", "langfuseSecretKey"] as const)
    expect(plain).not.toContain(everything[key].replace(/^\{.*:"|"\}$/g, ""));
});

/** Values on both sides of each rule: the configuration and the app must say the same of them. */
const judged = {
  llmPrices: ["a=1/2", "a=0.125/1;b=3/4;", "a=1", "a=1/2,b=1/2", "a=1.2345/1", "a b=1/2", "=1/2", "a=1234567/1"],
  llmBudget: ["none", "0 USD", "999999 USD", "0.000000001 USD", "1000000 USD", "-1 USD", "1.0000000001 USD", "1,5 USD"],
  llmBudgetAlert: ["none", "20 USD", "x USD"],
  llmMaxOutputTokens: ["none", "1", "999999999", "0", "-1", "1.5"],
  llmContextTokens: ["256", "1048576", "255", "1048577"],
  rateLimitPerCaller: ["none", "1", "0", "many"],
  rateLimitPerAddress: ["none", "12000", "00"],
  tokenLimitPerCaller: ["none", "100000", "0", "1e5"],
  embeddingModel: ["nomic-embed-text:v1.5", "BAAI/bge-m3", "x".repeat(200), "x".repeat(201), "two words"],
  retentionDays: ["none", "1", "365", "36500", "0", "36501", "99999", "-1", "1.5", "ever"],
  cloudRedaction: ["text", "no"],
  responseCache: ["caller", "all"],
  responseCacheSeconds: ["60", "0"],
  authProvider: ["local", "nobody"],
  logLevel: ["debug", "verbose"],
  otlpEndpoint: ["http://collector:4318", "collector:4318", "ftp://collector"],
  corsOrigins: ["https://a.test", "https://a.test/path", "a.test", "*"],
  sentryDsn: ["https://key@sentry.test/1", "https://sentry.test/1", "nonsense"],
};

describe.each(Object.entries(judged))("%s", (key, values) => {
  test.each(values)("%j is judged alike by the configuration and by the app", async (value) => {
    const { problems } = parseConfig("community", { ...complete.community, [key]: value }, secretNames);
    // Written as the key would be handed over if nobody had looked at it.
    const variables = appSettings({ ...raw, [key]: key === "corsOrigins" ? [value] : value } as never);
    const opened = await new Promise<Record<string, string>>((resolve) => pulumi.output(variables.secrets).apply(resolve));
    const reading = readEnv({ ...variables.common, ...variables.api, ...variables.worker, ...opened });
    expect(reading.problems.length > 0).toBe(problems.some(({ path }) => path === key));
  });
});

const raw = parseConfig("community", complete.community).values;
