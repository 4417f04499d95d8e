import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createApiKey } from "../auth/api-keys.ts";
import { migrate } from "../db/migrate.ts";
import { migrationsFolder } from "../resources.ts";
import { addUser, pageHeaders, password, signIn, startApi, until, type TestApi } from "../testing/api.ts";
import { query, startPostgres, type TestPostgres } from "../testing/postgres.ts";
import { startUpstream, wholeAnswer, type ScriptedUpstream } from "../testing/upstream.ts";

let pg: TestPostgres;
let upstream: ScriptedUpstream;
let api: TestApi;
let databaseUrl: string;
let admin: Record<string, string>;
let user: Record<string, string>;
let userId: string;
let adminId: string;

beforeAll(async () => {
  [pg, upstream] = await Promise.all([startPostgres(), startUpstream(["test-model", "other-model"])]);
  upstream.answer((res) => wholeAnswer(res, "Hi"));
}, 60_000);

beforeEach(async () => {
  await api?.close();
  databaseUrl = await pg.createDatabase();
  await migrate(databaseUrl, migrationsFolder());
  const env = { LLM_PRICES: "test-model=1000/2000" };
  api = await startApi({ databaseUrl, upstream: upstream.url, env });
  adminId = (await addUser(api.ctx, "root@test")).user.id;
  await query(databaseUrl, "UPDATE users SET role = 'admin' WHERE id = $1", [adminId]);
  userId = (await addUser(api.ctx, "ann@test")).user.id;
  [admin, user] = await Promise.all([signIn(api, "root@test"), signIn(api, "ann@test")]);
}, 30_000);

afterAll(async () => {
  await api?.close();
  await upstream?.close();
  await pg?.stop();
});

async function call(method: string, path: string, headers: Record<string, string>, body?: unknown) {
  const response = await fetch(`${api.url}/api/v1${path}`, {
    method,
    headers: { "content-type": "application/json", ...headers },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const text = await response.text();
  const json = /json/.test(response.headers.get("content-type") ?? "") ? (JSON.parse(text) as Record<string, unknown>) : {};
  return { status: response.status, json, text, headers: response.headers };
}

const keyWith = async (owner: string, scopes: readonly ("chat" | "embeddings" | "account" | "admin")[]) => {
  const { apiKey } = await createApiKey(api.ctx.db, { userId: owner, name: "t", ttlSeconds: null, scopes });
  return { authorization: `Bearer ${apiKey}` };
};

const auditRows = () =>
  query<{ actor: string; action: string; target: string }>(
    databaseUrl,
    "SELECT actor, action, target FROM audit_log ORDER BY id",
  );

describe("every route of the admin API", () => {
  const none = "00000000-0000-4000-8000-000000000000";
  test.each([
    ["GET", "/admin/users", 200],
    ["POST", "/admin/users", 400],
    ["PATCH", `/admin/users/${none}`, 400],
    ["POST", `/admin/users/${none}/password`, 404],
    ["DELETE", `/admin/users/${none}`, 404],
    ["GET", `/admin/users/${none}/sessions`, 200],
    ["DELETE", `/admin/users/${none}/sessions`, 200],
    ["GET", "/admin/keys", 200],
    ["DELETE", `/admin/keys/${none}`, 404],
    ["GET", "/admin/budgets", 200],
    ["PUT", "/admin/budgets/user/x", 400],
    ["DELETE", "/admin/budgets/user/x", 404],
    ["GET", "/admin/usage", 200],
    ["GET", "/admin/models", 200],
    ["GET", "/admin/health", 200],
    ["GET", "/admin/trials", 200],
    ["PUT", "/admin/trials/x", 400],
    ["DELETE", "/admin/trials/x", 404],
    ["GET", "/admin/audit", 200],
  ])("%s %s is for administrators and their keys with the scope admin alone", async (method, path, status) => {
    const body = method === "GET" || method === "DELETE" ? undefined : {};
    const who = {
      nobody: {},
      user,
      "a user's key with every scope": await keyWith(userId, ["chat", "embeddings", "account", "admin"]),
      "an administrator's key without the scope": await keyWith(adminId, ["chat", "embeddings", "account"]),
      "an administrator's key with the scope": await keyWith(adminId, ["admin"]),
      admin,
    };
    const statuses = await Promise.all(
      Object.values(who).map(async (headers) => (await call(method, path, headers, body)).status),
    );
    expect(statuses).toEqual([401, 403, 403, 403, status, status]);
  });
});

describe("an administrator", () => {
  test("makes an account whose password is shown once, and it can sign in", async () => {
    const made = await call("POST", "/admin/users", admin, { email: "New@Test" });
    expect([made.status, made.json]).toMatchObject([201, { email: "new@test", role: "user", tenant: "default" }]);
    const login = await call("POST", "/auth/login", pageHeaders, { email: "new@test", password: made.json["password"] });
    expect(login.status).toBe(200);
    expect((await call("POST", "/admin/users", admin, { email: "new@test" })).status).toBe(409);
    expect((await call("GET", "/admin/users", admin)).text).not.toContain("argon2");
    expect(await auditRows()).toEqual([{ actor: "root@test", action: "user.create", target: "new@test" }]);
  });

  test("gives a new password, shown once: the old one and all sign-ins end, and it is in the audit log without it", async () => {
    const given = await call("POST", `/admin/users/${userId}/password`, admin);
    expect([given.status, given.json]).toEqual([200, { email: "ann@test", password: expect.any(String) as string }]);
    expect((await call("GET", "/auth/me", user)).status).toBe(401);
    const login = (word: unknown) => call("POST", "/auth/login", pageHeaders, { email: "ann@test", password: word });
    expect((await login(password)).status).toBe(401);
    expect((await login(given.json["password"])).status).toBe(200);
    expect(await auditRows()).toEqual([{ actor: "root@test", action: "user.password", target: "ann@test" }]);
    expect((await call("GET", "/admin/audit", admin)).text).not.toContain(String(given.json["password"]));
  });

  test("disables an account: its sessions end, its keys too, and it cannot sign in until it is enabled", async () => {
    const key = await keyWith(userId, ["chat"]);
    expect((await call("PATCH", `/admin/users/${userId}`, admin, { disabled: true })).status).toBe(200);
    expect((await call("GET", "/auth/me", user)).status).toBe(401);
    expect((await call("GET", "/auth/me", key)).status).toBe(401);
    const login = () => call("POST", "/auth/login", pageHeaders, { email: "ann@test", password });
    expect((await login()).status).toBe(401);
    await call("PATCH", `/admin/users/${userId}`, admin, { disabled: false, tenant: "lab" });
    expect((await login()).status).toBe(200);
    // The sessions of before stay ended.
    expect((await call("GET", "/auth/me", user)).status).toBe(401);
  });

  test("cannot leave the installation without administrators, not even two at once", async () => {
    expect((await call("PATCH", `/admin/users/${adminId}`, admin, { role: "user" })).json).toMatchObject({
      error: { code: "last_admin" },
    });
    await call("PATCH", `/admin/users/${userId}`, admin, { role: "admin" });
    const both = await Promise.all([
      call("PATCH", `/admin/users/${adminId}`, admin, { role: "user" }),
      call("PATCH", `/admin/users/${userId}`, admin, { disabled: true }),
    ]);
    expect(both.filter(({ status }) => status === 200)).toHaveLength(1);
    const sql = "SELECT count(*)::int AS admins FROM users WHERE role = 'admin' AND disabled_at IS NULL";
    expect(await query(databaseUrl, sql)).toEqual([{ admins: 1 }]);
  });

  test("revokes anybody's key, at once, and ends anybody's sessions", async () => {
    const key = await keyWith(userId, ["chat"]);
    const { keys } = (await call("GET", "/admin/keys", admin)).json as {
      keys: { id: string; email: string; scopes: string[] }[];
    };
    expect(keys[0]).toMatchObject({ email: "ann@test", scopes: ["chat"] });
    expect((await call("DELETE", `/admin/keys/${keys[0]?.id ?? ""}`, admin)).status).toBe(204);
    expect((await call("GET", "/auth/me", key)).status).toBe(401);
    expect((await call("DELETE", `/admin/users/${userId}/sessions`, admin)).json).toEqual({ ended: 1 });
    expect((await call("GET", "/auth/me", user)).status).toBe(401);
    expect((await auditRows()).map(({ action }) => action)).toEqual(["key.revoke", "user.end_sessions"]);
  });

  test("sets a budget that holds from the next call on, and removes it", async () => {
    const key = await keyWith(userId, ["chat"]);
    const ask = async () => {
      const body = JSON.stringify({ messages: [{ role: "user", content: "Hi" }], max_tokens: 5 });
      return (await fetch(`${api.url}/v1/chat/completions`, { method: "POST", headers: key, body })).status;
    };
    expect(await ask()).toBe(200);
    expect((await call("PUT", `/admin/budgets/user/${userId}`, admin, { capUsd: "0.01", alertUsd: "0.005" })).status).toBe(200);
    expect(await ask()).toBe(429);
    await until(async () => (await query(databaseUrl, "SELECT 1 FROM budget_reservations")).length === 0);
    const { budgets } = (await call("GET", "/admin/budgets", admin)).json as { budgets: { kind: string }[] };
    // 7 tokens in and 3 out, at 0.1 and 0.2 cents.
    const expected = { kind: "user", subject: userId, capUsd: "0.01", alertUsd: "0.005", spentUsd: "0.013", reservedUsd: "0.00" };
    expect(budgets.find(({ kind }) => kind === "user")).toEqual(expected);
    expect((await call("DELETE", `/admin/budgets/user/${userId}`, admin)).status).toBe(204);
    expect(await ask()).toBe(200);
    expect((await call("PUT", "/admin/budgets/user/x", admin, { capUsd: "100", alertUsd: "20" })).status).toBe(200);
    expect((await call("DELETE", "/admin/budgets/user/x", admin)).status).toBe(204);
    expect((await call("PUT", "/admin/budgets/user/x", admin, { capUsd: "1,50" })).status).toBe(400);
    expect((await call("PUT", "/admin/budgets/team/x", admin, { capUsd: "1" })).status).toBe(404);
  });

  test("tries another model on a share of the people, who keep the one they got, and compares the cost [A-19]", async () => {
    const asked = async () => {
      const body = JSON.stringify({ model: "test-model", messages: [{ role: "user", content: "Hi" }], max_tokens: 5 });
      const headers = await keyWith(userId, ["chat"]);
      const response = await fetch(`${api.url}/v1/chat/completions`, { method: "POST", headers, body });
      expect(response.status).toBe(200);
      return (JSON.parse(upstream.requests.at(-1)?.body ?? "{}") as { model: string }).model;
    };
    expect(await asked()).toBe("test-model");
    await call("PUT", "/admin/trials/test-model", admin, { other: "other-model", percent: 100 });
    expect(await asked()).toBe("other-model");
    expect((await call("DELETE", "/admin/trials/test-model", admin)).status).toBe(204);
    expect(await asked()).toBe("test-model");
    await until(async () => (await query(databaseUrl, "SELECT 1 FROM usage_events")).length === 3);
    const { usage } = (await call("GET", "/admin/usage?by=model", admin)).json as { usage: unknown[] };
    expect(usage).toEqual([
      {
        model: "test-model",
        calls: 2,
        promptTokens: 14,
        completionTokens: 6,
        estimatedCalls: 0,
        cachedCalls: 0,
        costUsd: "0.026",
      },
      {
        model: "other-model",
        calls: 1,
        promptTokens: 7,
        completionTokens: 3,
        estimatedCalls: 0,
        cachedCalls: 0,
        costUsd: "0.00",
      },
    ]);
    expect((await call("GET", "/admin/models", admin)).json).toMatchObject({
      models: [{ model: "test-model", inputUsdPerMillion: "1000.00", outputUsdPerMillion: "2000.00" }, { model: "other-model" }],
    });
  });
});

describe("usage", () => {
  const event = (model: string, cost: number, owner: string) =>
    query(
      databaseUrl,
      `INSERT INTO usage_events (id, period, user_id, tenant, feature, model, prompt_tokens, completion_tokens, input_price, output_price, estimated, outcome)
       VALUES (gen_random_uuid(), budget_period(), $3, 'default', 'chat', $1, $2, 1, 1000, 2000, true, 'complete')`,
      [model, cost, owner],
    );

  test("is one's own for people, everybody's for administrators, also as CSV without formulas [M-06]", async () => {
    await event("=cmd()", 10, userId);
    await event("b", 20, adminId);
    const own = (await call("GET", "/usage?by=model", user)).json as { usage: { model: string }[] };
    expect(own.usage.map(({ model }) => model)).toEqual(["=cmd()"]);
    const csv = await call("GET", "/admin/usage?by=user,model&format=csv", admin);
    expect(csv.headers.get("content-type")).toBe("text/csv; charset=utf-8");
    expect(csv.text).toBe(
      "user,model,calls,promptTokens,completionTokens,estimatedCalls,cachedCalls,costUsd\n" +
        "root@test,b,1,20,1,1,0,0.000022\nann@test,'=cmd(),1,10,1,1,0,0.000012\n",
    );
    expect((await call("GET", "/usage?by=password", user)).status).toBe(400);
    expect((await call("GET", "/usage", await keyWith(userId, ["chat"]))).status).toBe(403);
  });

  test("outlives the account, without its name", async () => {
    await event("m", 10, userId);
    await query(databaseUrl, "DELETE FROM users WHERE id = $1", [userId]);
    const { usage } = (await call("GET", "/admin/usage?by=user", admin)).json as { usage: unknown[] };
    expect(usage).toMatchObject([{ user: null, calls: 1 }]);
  });
});

describe("a person", () => {
  test("makes a key that is shown once and may no more than asked for, and revokes it", async () => {
    const made = await call("POST", "/keys", user, { name: "laptop", scopes: ["chat"], expiresInDays: 30 });
    expect(made.status).toBe(201);
    const headers = { authorization: `Bearer ${String(made.json["apiKey"])}` };
    const listed = await call("GET", "/keys", user);
    expect(listed.text).not.toContain(String(made.json["apiKey"]).slice(-43));
    const days = "SELECT round(extract(epoch FROM expires_at - created_at) / 86400)::int AS days FROM api_keys WHERE id = $1";
    expect(await query(databaseUrl, days, [made.json["id"]])).toEqual([{ days: 30 }]);
    expect((await fetch(`${api.url}/v1/models`, { headers })).status).toBe(200);
    const embeddings = await fetch(`${api.url}/v1/embeddings`, { method: "POST", headers, body: '{"input":"x"}' });
    expect([embeddings.status, await embeddings.json()]).toMatchObject([403, { error: { code: "insufficient_permissions" } }]);
    expect((await call("GET", "/keys", headers)).status).toBe(403);
    expect((await call("DELETE", `/keys/${String(made.json["id"])}`, user)).status).toBe(204);
    expect((await fetch(`${api.url}/v1/models`, { headers })).status).toBe(401);
  });

  test("gives no scope beyond their own, by page or by key, and touches no other's key", async () => {
    expect((await call("POST", "/keys", user, { name: "k", scopes: ["admin"] })).status).toBe(403);
    const key = await keyWith(adminId, ["account"]);
    expect((await call("POST", "/keys", key, { name: "k", scopes: ["admin"] })).status).toBe(403);
    expect((await call("POST", "/keys", key, { name: "k", scopes: ["account"] })).status).toBe(201);
    expect((await call("POST", "/keys", admin, { name: "k", scopes: ["admin"] })).status).toBe(201);
    const [theirs] = await query<{ id: string }>(databaseUrl, "SELECT id FROM api_keys WHERE user_id = $1", [adminId]);
    expect((await call("DELETE", `/keys/${theirs?.id ?? ""}`, user)).status).toBe(404);
  });

  test("sees their sessions, which one this is, and ends another or all", async () => {
    const second = await signIn(api, "ann@test");
    const { sessions } = (await call("GET", "/sessions", user)).json as { sessions: { id: string; current: boolean }[] };
    expect(sessions.map(({ current }) => current).sort()).toEqual([false, true]);
    const other = sessions.find(({ current }) => !current)?.id ?? "";
    expect((await call("DELETE", `/sessions/${other}`, admin)).status).toBe(404);
    expect((await call("DELETE", `/sessions/${other}`, user)).status).toBe(204);
    expect((await call("GET", "/auth/me", second)).status).toBe(401);
    expect((await call("DELETE", "/sessions", user)).json).toEqual({ ended: 1 });
    expect((await call("GET", "/auth/me", user)).status).toBe(401);
  });
});
