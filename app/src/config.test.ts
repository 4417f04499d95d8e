import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import express from "express";
import { afterAll, describe, expect, test } from "vitest";
import { readApiConfig, readLlmRoleConfig, readWorkerConfig } from "./config.ts";
import type { Env } from "./env.ts";
import { InvalidInputError } from "./problems.ts";

const folder = mkdtempSync(join(tmpdir(), "fidus-config-"));
afterAll(() => rmSync(folder, { recursive: true }));

const secret = "kJ8sP2qLx0vN4tRz7bYw1mC5dE9fG3hA";
const valid: Env = {
  DATABASE_URL: "postgres://fidus:pw@postgres:5432/fidus",
  SESSION_SECRET: secret,
  ENCRYPTION_KEY: "3hAkJ8sP2qLx0vN4tRz7bYw1mC5dE9fG",
};

function problems(env: Env, read: (env: Env) => unknown = readApiConfig): string[] {
  try {
    read(env);
  } catch (error) {
    if (error instanceof InvalidInputError) return error.message.split("\n");
    throw error;
  }
  return [];
}

describe("the api role", () => {
  test("accepts a database and a session secret, and fills in the rest [A-01]", () => {
    expect(readApiConfig(valid)).toMatchObject({
      port: 8000,
      metricsPort: 9464,
      redisUrl: null,
      environment: "production",
      shutdownGraceSeconds: 25,
      llm: {
        runtimes: [{ kind: "embedded", baseUrl: "http://llm:8080/v1", optIn: false }],
        model: null,
        demo: false,
        nextStep: null,
        contextTokens: 4096,
      },
    });
  });

  test("names everything that is missing or wrong at once", () => {
    expect(problems({ PORT: "80a", LLM_RUNTIME: "llamafile", FIDUS_VERSON: "1" })).toEqual([
      'FIDUS_VERSON: got "1"; needs a known setting. Unset FIDUS_VERSON or correct its spelling.',
      'PORT: got "80a"; needs a port from 0 to 65535. Set PORT=8000.',
      'LLM_RUNTIME: got "llamafile"; needs one of embedded, ollama, ollama-native, lmstudio, vllm, openai, anthropic, gemini, compatible, litellm. Set LLM_RUNTIME=embedded.',
      "DATABASE_URL: got nothing; needs a postgres:// URL. Set DATABASE_URL=postgres://fidus:…@postgres:5432/fidus or DATABASE_URL_FILE.",
      "SESSION_SECRET: got nothing; needs 32 or more random characters, no placeholder. Set SESSION_SECRET_FILE to a file written by: openssl rand -base64 32",
      "ENCRYPTION_KEY: got nothing; needs one key or several that differ, newest first, split by spaces or lines (not commas), each 32 or more random characters, no placeholder. Set ENCRYPTION_KEY_FILE to a file written by: openssl rand -base64 32",
    ]);
  });

  test.each(["", "changeme", "x".repeat(40), "short"])("refuses the session secret %j and does not repeat it", (given) => {
    const [problem = ""] = problems({ ...valid, SESSION_SECRET: given });
    expect(problem).toMatch(/^SESSION_SECRET: got "a hidden value"; needs 32 or more random characters/);
    expect(given.length > 3 && problem.includes(given)).toBe(false);
  });

  test("takes one encryption key or a ring of them, newest first, and refuses twice the same [A-16]", () => {
    const [first, second] = [secret, `${secret.toLowerCase()},;`];
    expect(readApiConfig({ ...valid, ENCRYPTION_KEY: first }).encryptionKeys).toEqual([first]);
    expect(readWorkerConfig({ ...valid, ENCRYPTION_KEY: ` ${second}\n${first}\n` }).encryptionKeys).toEqual([second, first]);
    for (const given of [`${first} ${first}`, `${first} short`, " ", `${first},${second}`])
      expect(problems({ ...valid, ENCRYPTION_KEY: given })[0]).toMatch(/^ENCRYPTION_KEY: got "a hidden value"; needs one key or/);
  });

  test("refuses an empty value rather than falling back to the default", () => {
    expect(problems({ ...valid, LOG_LEVEL: "" })).toHaveLength(1);
  });

  test("refuses a CORS origin with a path, and accepts a list of origins [G-08]", () => {
    expect(problems({ ...valid, CORS_ALLOW_ORIGIN: "https://a.example/path" })).toHaveLength(1);
    expect(readApiConfig({ ...valid, CORS_ALLOW_ORIGIN: "https://a.example;http://b.example:8080" }).corsOrigins).toEqual([
      "https://a.example",
      "http://b.example:8080",
    ]);
  });

  test("takes an origin as its public address, and refuses what goes beyond", () => {
    expect(readApiConfig({ ...valid, PUBLIC_URL: "https://chat.example:8443/" }).publicUrl.href).toBe(
      "https://chat.example:8443/",
    );
    for (const beyond of ["/app", "/?a=b", "/#a", "?"])
      expect(problems({ ...valid, PUBLIC_URL: `https://chat.example${beyond}` })).toEqual([
        `PUBLIC_URL: got "https://chat.example${beyond}"; needs an http(s) origin: scheme, host and port, no path. Set PUBLIC_URL=http://localhost:3000.`,
      ]);
    for (const PUBLIC_URL of ["https://ann:pw@chat.example", "chat.example", "ftp://chat.example"])
      expect(problems({ ...valid, PUBLIC_URL })).toHaveLength(1);
  });

  test.each(["redis://:pa%ZZ@localhost:1", "redis-sentinel://:pa%ZZ@h:26379/0#g", "redis://:pa%2Fss@localhost:1/abc"])(
    "refuses %s as the address of Redis, and does not repeat the password",
    (REDIS_URL) => {
      const [problem = "", ...more] = problems({ ...valid, REDIS_URL });
      expect(problem).toMatch(/^REDIS_URL: got "a hidden value"; needs a redis:/);
      expect([problem.includes("pa%"), more]).toEqual([false, []]);
    },
  );

  test("listens everywhere unless it is told one address, and takes no name for one", () => {
    expect(readApiConfig(valid).listenAddress).toBeNull();
    expect(readApiConfig({ ...valid, LISTEN_ADDRESS: "127.0.0.1" }).listenAddress).toBe("127.0.0.1");
    expect(problems({ ...valid, LISTEN_ADDRESS: "localhost" })).toEqual([
      'LISTEN_ADDRESS: got "localhost"; needs an IP address of this machine. Set LISTEN_ADDRESS=127.0.0.1.',
    ]);
  });

  test("starts where other programs are told not to track: there is nothing to switch off [G-08] [X-20]", () => {
    expect(problems({ ...valid, DO_NOT_TRACK: "1", ANONYMIZED_TELEMETRY: "false" })).toEqual([]);
  });

  test.each(["*", "1.2.3.4/99", "1.2.3.4/0", "::::", "999.1.1.1", "fd00::/129", "fe80::1%eth0", "1.2.3.4/", "proxy"])(
    "does not trust %s as a proxy [G-08]",
    (given) => {
      const [problem = "", ...more] = problems({ ...valid, FORWARDED_ALLOW_IPS: `loopback,${given}` });
      expect([problem, more]).toEqual([expect.stringMatching(/^FORWARDED_ALLOW_IPS: got .*; needs IP addresses, networks/), []]);
    },
  );

  test("trusts addresses and networks that the web server knows [G-08]", () => {
    const given = ["172.16.0.0/12", "loopback", "linklocal", "uniquelocal", "10.0.0.1", "::1", "fd00::/8", "0.0.0.0/1", "::/128"];
    const { trustedProxies } = readApiConfig({ ...valid, FORWARDED_ALLOW_IPS: given.join(", ") });
    expect(trustedProxies).toEqual(given);
    expect(() => express().set("trust proxy", trustedProxies)).not.toThrow();
  });
});

describe("secrets in files", () => {
  const path = join(folder, "session_secret");
  writeFileSync(path, `${secret}\n`);

  test("are read without their line end", () => {
    const config = readApiConfig({ ...valid, SESSION_SECRET: undefined, SESSION_SECRET_FILE: path });
    expect(config.sessionSecret).toBe(secret);
  });

  test("are refused beside the same secret in the environment", () => {
    expect(problems({ ...valid, SESSION_SECRET_FILE: path })).toEqual([
      'SESSION_SECRET: got "both SESSION_SECRET and SESSION_SECRET_FILE"; needs one of them. Unset SESSION_SECRET.',
    ]);
  });

  test("are refused when the file is missing, once", () => {
    const missing = join(folder, "missing");
    expect(problems({ ...valid, SESSION_SECRET: undefined, SESSION_SECRET_FILE: missing })).toEqual([
      `SESSION_SECRET_FILE: got "${missing}"; needs a readable file (ENOENT). Check the path and its owner.`,
    ]);
  });
});

test("a file for a setting that is no secret is refused: nobody reads it", () => {
  expect(problems({ ...valid, PUBLIC_URL_FILE: "/run/url" })).toEqual([
    'PUBLIC_URL_FILE: got "/run/url"; needs PUBLIC_URL itself: only secrets come from files. Set PUBLIC_URL=http://localhost:3000.',
  ]);
  expect(problems({ ...valid, LLM_MODEL_FILE: "/models/a.gguf", LEAVING_FILE: "/run/leaving/1" })).toEqual([]);
});

describe("the language model", () => {
  test.each([
    [{ LLM_RUNTIME: "ollama" }, "http://ollama:11434/v1"],
    [{ LLM_RUNTIME: "ollama-native", OLLAMA_BASE_URL: "http://10.0.0.1:11434/" }, "http://10.0.0.1:11434/v1"],
    [{ LLM_RUNTIME: "vllm", OPENAI_API_BASE_URL: "http://gpu:8000/v1/" }, "http://gpu:8000/v1"],
    [{ LLM_RUNTIME: "openai", OPENAI_API_KEY: "sk-abc" }, "https://api.openai.com/v1"],
  ])("%j answers at %s [L-02]", (env, baseUrl) => {
    expect(readApiConfig({ ...valid, ...env }).llm.runtimes[0]?.baseUrl).toBe(baseUrl);
  });

  test("needs an address where none can be known, and a key for OpenAI", () => {
    expect(problems({ ...valid, LLM_RUNTIME: "lmstudio" })).toEqual([
      "OPENAI_API_BASE_URL: got nothing; needs an http(s) URL for LLM_RUNTIME=lmstudio. Set OPENAI_API_BASE_URL=http://llm:8080/v1.",
    ]);
    expect(problems({ ...valid, LLM_RUNTIME: "openai" })).toHaveLength(1);
  });

  test.each(["http://localhost:4000/v1", "http://localhost:11434/v1"])(
    "is moved to %s by one variable, under its new name and its old one [C-40]",
    (address) => {
      const rest = { ...valid, LLM_RUNTIME: "openai", OPENAI_API_KEY: "sk-abc" };
      expect(readApiConfig({ ...rest, OPENAI_API_BASE_URL: address }).llm.runtimes[0]?.baseUrl).toBe(address);
      expect(readApiConfig({ ...rest, OPENAI_API_BASE: address }).llm.runtimes[0]?.baseUrl).toBe(address);
    },
  );

  test("accepts the old names with a notice [L-02]", () => {
    const config = readApiConfig({ ...valid, LLM_PROVIDER: "openai", OPENAI_API_BASE: "http://x/v1", OPENAI_API_KEY: "sk-abc" });
    expect(config.llm.runtimes).toMatchObject([{ kind: "openai", baseUrl: "http://x/v1" }]);
    expect(config.notices).toEqual([
      "LLM_PROVIDER is the old name of LLM_RUNTIME; rename it.",
      "OPENAI_API_BASE is the old name of OPENAI_API_BASE_URL; rename it.",
    ]);
  });
});

test("each role asks only for what it needs", () => {
  expect(problems({}, readLlmRoleConfig)).toEqual([]);
  expect(problems({}, readWorkerConfig)).toEqual([
    expect.stringMatching(/^DATABASE_URL: got nothing/),
    expect.stringMatching(/^ENCRYPTION_KEY: got nothing/),
  ]);
});

describe("money and limits", () => {
  const usd = 1_000_000_000;

  test("have the budgets of the requirements unless told otherwise [M-08] [L-09]", () => {
    expect(readApiConfig(valid).budget).toMatchObject({ tenantCap: 100 * usd, tenantAlert: 20 * usd });
    expect(readApiConfig({ ...valid, ENVIRONMENT: "development" }).budget).toMatchObject({
      tenantCap: 50 * usd,
      tenantAlert: 20 * usd,
    });
    const set = { ...valid, LLM_BUDGET_USD: "0.5", LLM_BUDGET_ALERT_USD: "none" };
    expect(readApiConfig(set).budget).toMatchObject({ tenantCap: usd / 2, tenantAlert: null });
  });

  test("are refused when they are malformed, each by name", () => {
    const wrong = { ...valid, LLM_BUDGET_USD: "1,5", LLM_PRICES: "gpt-4o=2.50", RATE_LIMIT_PER_CALLER: "0" };
    expect(problems(wrong)).toEqual([
      "LLM_PRICES: got \"gpt-4o=2.50\"; needs model=INPUT/OUTPUT in USD per million tokens, split by semicolons, each model once, three decimals at most. Set LLM_PRICES='gpt-4o-mini=0.15/0.60;gpt-4o=2.50/10'.",
      'LLM_BUDGET_USD: got "1,5"; needs USD that a tenant may spend in 30 days, or none. Set LLM_BUDGET_USD=100.',
      'RATE_LIMIT_PER_CALLER: got "0"; needs requests per minute of one key or person, from 1 to 1000000000, or none. Set RATE_LIMIT_PER_CALLER=6000.',
    ]);
  });
});

test.each([
  ["RETENTION_DAYS", "days that a conversation is kept after its last message, from 1 to 36500, or none", "none"],
  ["TOKEN_LIMIT_PER_CALLER", "tokens per minute of one key or person, from 1 to 1000000000, or none", "1000000000"],
  ["LLM_THREADS", "a whole number from 1 to 256", "256"],
])("%s names its range when it is 0", (name, rule, good) => {
  expect(problems({ ...valid, [name]: "0" })).toEqual([expect.stringContaining(`${name}: got "0"; needs ${rule}. `)]);
  expect(problems({ ...valid, [name]: good })).toEqual([]);
});

describe("who signs people in", () => {
  test("is Auth0 by its domain, or Keycloak by its issuer with its own claim of roles", () => {
    const auth0 = {
      AUTH_PROVIDER: "auth0",
      AUTH0_DOMAIN: "fidus.eu.auth0.com",
      AUTH0_CLIENT_ID: "id",
      AUTH0_CLIENT_SECRET: "a-real-one",
    };
    const { oidc } = readApiConfig({ ...valid, ...auth0 }).auth;
    expect([oidc?.issuer.href, oidc?.rolesClaim, oidc?.adminRole]).toEqual(["https://fidus.eu.auth0.com/", "roles", null]);
    const keycloak = {
      AUTH_PROVIDER: "keycloak",
      OIDC_ISSUER: "https://id.example/realms/fidus",
      OIDC_CLIENT_ID: "fidus",
      OIDC_CLIENT_SECRET: "a-real-one",
    };
    expect(readApiConfig({ ...valid, ...keycloak }).auth.oidc?.rolesClaim).toBe("realm_access.roles");
  });

  test.each([
    [
      { AUTH_PROVIDER: "auth0" },
      /^AUTH0_DOMAIN: got nothing.*\nAUTH0_CLIENT_ID: got nothing.*\nAUTH0_CLIENT_SECRET: got nothing/,
    ],
    [{ AUTH_PROVIDER: "oidc" }, /^OIDC_ISSUER: got nothing.*\nOIDC_CLIENT_ID: got nothing.*\nOIDC_CLIENT_SECRET: got nothing/],
    [{ OIDC_ISSUER: "http://id.example" }, /^OIDC_ISSUER: got "http:\/\/id\.example"; needs the provider's https:/],
    [{ AUTH_PROVIDER: "mock" }, /^AUTH_PROVIDER: got "mock"; needs another provider outside ENVIRONMENT=development/],
    [{ AUTH_PROVIDER: "mock", ENVIRONMENT: "staging" }, /^AUTH_PROVIDER: got "mock"/],
    [{ AUTH_PROVIDER: "mock", ENVIRONMENT: "development" }, /^$/],
  ])("%j is judged before the start [A-15]", (env, text) => {
    expect(problems({ ...valid, ...env }).join("\n")).toMatch(text);
  });
});
