import { request } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { migrate } from "../db/migrate.ts";
import { purge } from "../jobs/purge.ts";
import { migrationsFolder } from "../resources.ts";
import { addUser, pageHeaders, password, signIn, startApi, type TestApi } from "../testing/api.ts";
import { query, startPostgres, type TestPostgres } from "../testing/postgres.ts";
import { loginLimits } from "./routes.ts";

let pg: TestPostgres;
let api: TestApi;
let databaseUrl: string;

beforeAll(async () => {
  pg = await startPostgres();
  databaseUrl = await pg.createDatabase();
  await migrate(databaseUrl, migrationsFolder());
  api = await startApi({ databaseUrl, upstream: "http://127.0.0.1:9/v1", env: { CORS_ALLOW_ORIGIN: "https://other.example" } });
  await addUser(api.ctx, "ann@test");
}, 60_000);

afterAll(async () => {
  await api?.close();
  await pg?.stop();
});

beforeEach(() => query(databaseUrl, "DELETE FROM rate_limits"));

function login(body: unknown, headers: Record<string, string> = pageHeaders, base = api.url): Promise<Response> {
  return fetch(`${base}/api/v1/auth/login`, { method: "POST", headers, body: JSON.stringify(body) });
}

const me = (headers: Record<string, string>) => fetch(`${api.url}/api/v1/auth/me`, { headers });

describe("signing in", () => {
  test("with the right password sets a cookie scripts and other sites cannot use, and says who it is", async () => {
    const response = await login({ email: " Ann@Test", password });
    expect([response.status, await response.json()]).toEqual([200, { email: "ann@test", name: "ann@test", role: "user" }]);
    const [cookie = ""] = response.headers.getSetCookie();
    expect(cookie).toMatch(/^fidus_session_3000=[A-Za-z0-9_-]{43}; Max-Age=604800; Path=\/; HttpOnly; SameSite=Strict$/);
    expect((await me({ cookie: cookie.split(";")[0] ?? "" })).status).toBe(200);
  });

  test("over https binds the cookie to TLS and to this host", async () => {
    const tls = await startApi({ databaseUrl, upstream: "http://127.0.0.1:9/v1", env: { PUBLIC_URL: "https://fidus.example" } });
    try {
      const response = await login({ email: "ann@test", password }, { ...pageHeaders, origin: "https://fidus.example" }, tls.url);
      expect(response.headers.getSetCookie()[0]).toMatch(/^__Host-fidus_session=.*; Path=\/; .*; Secure/);
      expect(response.headers.get("strict-transport-security")).toMatch(/^max-age=31536000/);
    } finally {
      await tls.close();
    }
  });

  test.each([
    ["a wrong password", { email: "ann@test", password: "wrong" }],
    ["an unknown e-mail", { email: "nobody@test", password }],
  ])("with %s is 401 with the same words, and sets no cookie", async (_name, body) => {
    const response = await login(body);
    expect(response.status).toBe(401);
    expect(await response.json()).toEqual({ error: { code: "wrong_credentials", message: "E-mail or password is wrong." } });
    expect(response.headers.getSetCookie()).toEqual([]);
  });

  test("takes about as long for an unknown e-mail as for a known one", async () => {
    const time = async (email: string) => {
      const started = performance.now();
      for (let round = 0; round < 3; round++) await login({ email, password: "wrong" });
      return performance.now() - started;
    };
    await login({ email: "nobody@test", password });
    const ratio = (await time("nobody@test")) / (await time("ann@test"));
    expect(ratio).toBeGreaterThan(0.3);
    expect(ratio).toBeLessThan(3);
  });

  test("from another site is refused", async () => {
    expect((await login({ email: "ann@test", password }, { ...pageHeaders, origin: "https://evil.example" })).status).toBe(403);
    const crossSite = { "content-type": "application/json", "sec-fetch-site": "cross-site" };
    expect((await login({ email: "ann@test", password }, crossSite)).status).toBe(403);
  });

  test("at another address of this machine than the public URL's works, and changes are taken from there", async () => {
    const { port } = new URL(api.url);
    for (const origin of [`http://127.0.0.1:${port}`, `http://localhost:${port}`]) {
      const response = await login({ email: "ann@test", password }, { ...pageHeaders, origin }, origin);
      expect(response.status).toBe(200);
      const cookie = response.headers.getSetCookie()[0]?.split(";", 1)[0] ?? "";
      const logout = (from: string): Promise<Response> =>
        fetch(`${origin}/api/v1/auth/logout`, { method: "POST", headers: { ...pageHeaders, cookie, origin: from } });
      expect((await logout("http://127.0.0.1:1")).status).toBe(403);
      expect((await logout(origin)).status).toBe(204);
    }
  });

  test("on a second installation of the same host leaves the first one signed in", async () => {
    const otherUrl = await pg.createDatabase();
    await migrate(otherUrl, migrationsFolder());
    const other = await startApi({
      databaseUrl: otherUrl,
      upstream: "http://127.0.0.1:9/v1",
      env: { PUBLIC_URL: "http://localhost:3100" },
    });
    // One cookie jar, as a browser has.
    const browser = await request.newContext({ extraHTTPHeaders: { "sec-fetch-site": "same-origin", "x-fidus-csrf": "1" } });
    try {
      await addUser(other.ctx, "ben@test");
      const post = (url: string, path: string, data = {}) => browser.post(`${url}/api/v1/auth/${path}`, { data });
      const who = async (url: string) => (await (await browser.get(`${url}/api/v1/auth/me`)).json()) as { email?: string };
      expect((await post(api.url, "login", { email: "ann@test", password })).status()).toBe(200);
      expect((await post(other.url, "login", { email: "ben@test", password })).status()).toBe(200);
      expect([(await who(api.url)).email, (await who(other.url)).email]).toEqual(["ann@test", "ben@test"]);
      expect((await post(other.url, "logout")).status()).toBe(204);
      expect([(await who(api.url)).email, (await who(other.url)).email]).toEqual(["ann@test", undefined]);
    } finally {
      await browser.dispose();
      await other.close();
    }
  });

  test("with fields missing or unknown is refused", async () => {
    expect((await login({ email: "ann@test" })).status).toBe(400);
    expect((await login({ email: "ann@test", password, admin: true })).status).toBe(400);
    expect((await login({ email: "ann\0@test", password })).status).toBe(400);
  });

  test("too often with one e-mail is limited, also with the right password, and says when to come back", async () => {
    for (let attempt = 0; attempt < loginLimits.failuresPerEmail; attempt++)
      await login({ email: "ann@test", password: "wrong" });
    const response = await login({ email: "ANN@test", password });
    expect([response.status, await response.json()]).toMatchObject([429, { error: { code: "too_many_requests" } }]);
    const wait = Number(response.headers.get("retry-after"));
    expect(wait).toBeGreaterThan(800);
    expect(wait).toBeLessThanOrEqual(loginLimits.windowSeconds);
    expect((await login({ email: "other@test", password })).status).toBe(401);
  });

  test("rightly does not use up attempts", async () => {
    for (let round = 0; round < loginLimits.failuresPerEmail + 2; round++) await login({ email: "ann@test", password });
    expect((await login({ email: "ann@test", password })).status).toBe(200);
  });

  test("is limited per address across e-mails, and a forged forwarded address does not help", async () => {
    await query(databaseUrl, "INSERT INTO rate_limits VALUES ('login-address:127.0.0.1', $1, now() + interval '5 minutes')", [
      loginLimits.perAddress,
    ]);
    expect((await login({ email: "x@test", password }, { ...pageHeaders, "x-forwarded-for": "9.9.9.9" })).status).toBe(429);
  });

  test("counts the address a trusted proxy reports [X-11]", async () => {
    const behind = await startApi({ databaseUrl, upstream: "http://127.0.0.1:9/v1", env: { FORWARDED_ALLOW_IPS: "loopback" } });
    try {
      await login({ email: "x@test", password }, { ...pageHeaders, "x-forwarded-for": "9.9.9.9" }, behind.url);
      const rows = await query<{ key: string }>(databaseUrl, "SELECT key FROM rate_limits WHERE key LIKE 'login-address:%'");
      expect(rows).toEqual([{ key: "login-address:9.9.9.9" }]);
    } finally {
      await behind.close();
    }
  });

  test("leaves neither token nor e-mail in the tables", async () => {
    const { cookie = "" } = await signIn(api, "ann@test");
    const sessions = await query<{ row: string }>(databaseUrl, "SELECT sessions::text AS row FROM sessions");
    const limits = await query<{ row: string }>(databaseUrl, "SELECT rate_limits::text AS row FROM rate_limits");
    const token = cookie.split("=")[1] ?? "";
    const text = JSON.stringify([sessions, limits]);
    expect(text).not.toContain(token);
    expect(text).not.toContain(Buffer.from(token, "base64url").toString("hex"));
    expect(text).not.toContain("ann@test");
  });
});

describe("a session", () => {
  test("ends with the logout, for every copy of the cookie", async () => {
    const headers = await signIn(api, "ann@test");
    const response = await fetch(`${api.url}/api/v1/auth/logout`, { method: "POST", headers });
    expect(response.status).toBe(204);
    expect(response.headers.getSetCookie()[0]).toMatch(/^fidus_session_3000=; Max-Age=0; Path=\//);
    expect((await me(headers)).status).toBe(401);
  });

  test("ends when it expires, and when the account is disabled", async () => {
    const headers = await signIn(api, "ann@test");
    await query(databaseUrl, "UPDATE users SET disabled_at = now() WHERE email = 'ann@test'");
    expect((await me(headers)).status).toBe(401);
    await query(databaseUrl, "UPDATE users SET disabled_at = NULL WHERE email = 'ann@test'");
    expect((await me(headers)).status).toBe(200);
    await query(databaseUrl, "UPDATE sessions SET expires_at = now()");
    expect((await me(headers)).status).toBe(401);
  });

  test("ends with the secret it was made under", async () => {
    const headers = await signIn(api, "ann@test");
    const rotated = await startApi({
      databaseUrl,
      upstream: "http://127.0.0.1:9/v1",
      env: { SESSION_SECRET: "vutsrqponmlkjihgfedcba9876543210" },
    });
    try {
      expect((await fetch(`${rotated.url}/api/v1/auth/me`, { headers })).status).toBe(401);
    } finally {
      await rotated.close();
    }
  });

  test.each(["", "fidus_session_3000=", "fidus_session_3000=nonsense", "other=1"])("is not %j", async (cookie) => {
    expect((await me({ cookie })).status).toBe(401);
  });
});

describe("changing requests with a cookie", () => {
  const path = "/api/v1/conversations/00000000-0000-4000-8000-000000000000";
  const status = async (headers: Record<string, string>) => (await fetch(api.url + path, { method: "DELETE", headers })).status;
  let cookie: string;

  beforeAll(async () => {
    cookie = (await signIn(api, "ann@test")).cookie ?? "";
  });

  test.each([
    ["our origin", { "x-fidus-csrf": "1", origin: "http://localhost:3000" }],
    ["an allowed origin", { "x-fidus-csrf": "1", origin: "https://other.example" }],
    ["the browser's word that it is the same origin", { "x-fidus-csrf": "1", "sec-fetch-site": "same-origin" }],
  ])("pass with the header and %s", async (_name, headers) => {
    expect(await status({ cookie, ...headers } as Record<string, string>)).toBe(404);
  });

  test.each([
    ["without the header", { origin: "http://localhost:3000" }],
    ["without any origin", { "x-fidus-csrf": "1" }],
    ["from another origin", { "x-fidus-csrf": "1", origin: "https://evil.example" }],
    ["from a sandboxed frame", { "x-fidus-csrf": "1", origin: "null" }],
    ["from another port of the host", { "x-fidus-csrf": "1", "sec-fetch-site": "same-site" }],
  ])("are refused %s", async (_name, headers) => {
    expect(await status({ cookie, ...headers } as Record<string, string>)).toBe(403);
  });

  test("with an API key instead need neither", async () => {
    const { apiKey } = await addUser(api.ctx, "program@test");
    expect(await status({ authorization: `Bearer ${apiKey}` })).toBe(404);
  });
});

test("unknown paths below /api are JSON 404, never a page", async () => {
  const response = await fetch(`${api.url}/api/nothing`, { headers: { accept: "text/html" } });
  expect([response.status, await response.json()]).toEqual([
    404,
    { error: { code: "not_found", message: "There is nothing here." } },
  ]);
});

test("the worker removes what ended a week ago, keeps the rest, and fails abandoned answers", async () => {
  await query(databaseUrl, "DELETE FROM sessions");
  await signIn(api, "ann@test");
  await signIn(api, "ann@test");
  const { keyId } = await addUser(api.ctx, "purge@test");
  await query(
    databaseUrl,
    "UPDATE sessions SET expires_at = now() - interval '8 days' WHERE id = (SELECT id FROM sessions LIMIT 1)",
  );
  await query(databaseUrl, "UPDATE api_keys SET revoked_at = now() - interval '8 days' WHERE id = $1", [keyId]);
  await query(databaseUrl, "INSERT INTO rate_limits VALUES ('old', 1, now() - interval '1 second')");
  expect(await purge(api.ctx.db)).toEqual({ sessions: 1, apiKeys: 1, rateLimits: 1, abandonedAnswers: 0 });
  expect(await purge(api.ctx.db)).toEqual({ sessions: 0, apiKeys: 0, rateLimits: 0, abandonedAnswers: 0 });
  expect(await query(databaseUrl, "SELECT 1 FROM sessions")).toHaveLength(1);
});

test("without the database everything that needs it is 503 with Retry-After, and liveness stays 200", async () => {
  const headers = await signIn(api, "ann@test");
  await pg.stop();
  for (const response of [await me(headers), await login({ email: "ann@test", password })]) {
    expect([response.status, response.headers.get("retry-after"), await response.json()]).toEqual([
      503,
      "5",
      { error: { code: "unavailable", message: "The service is not ready. Try again shortly." } },
    ]);
  }
  expect((await fetch(`${api.url}/health`)).status).toBe(200);
});
