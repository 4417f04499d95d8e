import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createApiKey, revokeApiKey } from "../auth/api-keys.ts";
import { addUser } from "../testing/api.ts";
import { question, startGateway, type TestGateway } from "../testing/gateway.ts";
import { query } from "../testing/postgres.ts";

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startGateway();
}, 60_000);

afterAll(() => gateway.close());

describe("keys", () => {
  const refused = {
    error: {
      message: "Missing or wrong API key. Send it as: Authorization: Bearer fidus_…",
      type: "invalid_request_error",
      param: null,
      code: "invalid_api_key",
    },
  };

  test.each([
    ["no key", {}],
    ["a word", { authorization: "Bearer nonsense" }],
    ["a well-formed key nobody has", { authorization: `Bearer fidus_0123456789ab_${"A".repeat(43)}` }],
    ["basic credentials", { authorization: "Basic YTpi" }],
  ])("%s is 401 in OpenAI's shape, and nothing reaches the runtime", async (_name, headers) => {
    const before = gateway.upstream.requests.length;
    const response = await gateway.post(question, headers as Record<string, string>);
    expect([response.status, await response.json()]).toEqual([401, refused]);
    expect(response.headers.get("www-authenticate")).toBe('Bearer realm="fidus"');
    expect(gateway.upstream.requests).toHaveLength(before);
  });

  test("the right prefix with another secret is 401", async () => {
    const wrong = gateway.key.replace(/.$/, gateway.key.endsWith("A") ? "B" : "A");
    expect((await gateway.post(question, { authorization: `Bearer ${wrong}` })).status).toBe(401);
  });

  test("a key works until it is revoked, and not a request longer", async () => {
    const { id, apiKey } = await createApiKey(gateway.api.ctx.db, { userId: gateway.userId, name: "t", ttlSeconds: 3600 });
    const headers = { authorization: `Bearer ${apiKey}` };
    expect((await fetch(`${gateway.api.url}/v1/models`, { headers })).status).toBe(200);
    expect(await revokeApiKey(gateway.api.ctx.db, id)).toBe(true);
    expect((await fetch(`${gateway.api.url}/v1/models`, { headers })).status).toBe(401);
  });

  test("a key works until it expires", async () => {
    const { id, apiKey } = await createApiKey(gateway.api.ctx.db, { userId: gateway.userId, name: "t", ttlSeconds: 3600 });
    await query(gateway.databaseUrl, "UPDATE api_keys SET expires_at = now() - interval '1 second' WHERE id = $1", [id]);
    expect((await fetch(`${gateway.api.url}/v1/models`, { headers: { authorization: `Bearer ${apiKey}` } })).status).toBe(401);
  });

  test("the key of a disabled account is 401", async () => {
    const { apiKey, user } = await addUser(gateway.api.ctx, "disabled@test");
    await query(gateway.databaseUrl, "UPDATE users SET disabled_at = now() WHERE id = $1", [user.id]);
    expect((await fetch(`${gateway.api.url}/v1/models`, { headers: { authorization: `Bearer ${apiKey}` } })).status).toBe(401);
  });

  test("the database holds no secret", async () => {
    const rows = await query<{ row: string }>(
      gateway.databaseUrl,
      "SELECT api_keys::text || encode(secret_hash, 'escape') AS row FROM api_keys",
    );
    const secret = gateway.key.slice("fidus_0123456789ab_".length);
    expect(rows.some(({ row }) => row.includes(secret))).toBe(false);
  });
});

describe("bad requests [A-20]", () => {
  test.each([
    ["no body", "", 400],
    ["no JSON", "{", 400],
    ["no messages", { model: "m" }, 400],
    ["empty messages", { messages: [] }, 400],
    ["messages of the wrong kind", { messages: "hi" }, 400],
    ["9 MB", { messages: [{ role: "user", content: "x".repeat(9_000_000) }] }, 413],
  ])("%s is refused in OpenAI's shape, and nothing reaches the runtime", async (_name, body, status) => {
    const before = gateway.upstream.requests.length;
    const response = await gateway.post(body);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error: { type: "invalid_request_error" } });
    expect(gateway.upstream.requests).toHaveLength(before);
  });

  test.each([
    [{ model: "m" }, "messages"],
    [{ messages: [{ role: 1 }] }, "messages.0.role"],
    [[], null],
  ])("%j is refused with the field at fault: %s", async (body, param) => {
    expect(await (await gateway.post(body)).json()).toMatchObject({ error: { param } });
  });

  test.each(["%2e", "%2e%2e", "..%2f..%2fstatus", "nobody-has-it"])("a model named %s is 404 and leads nowhere", async (name) => {
    const before = gateway.upstream.requests.length;
    const status = await new Promise((resolve, reject) => {
      // Not fetch: it would resolve the dots before they are sent.
      const options = { path: `/v1/models/${name}`, headers: { authorization: `Bearer ${gateway.key}` } };
      const sent = request(gateway.api.url, options, (response) =>
        response.resume().once("end", () => resolve(response.statusCode)),
      );
      sent.once("error", reject).end();
    });
    expect([status, gateway.upstream.requests.length - before]).toEqual([404, 0]);
  });

  test("an unknown path is 404 in OpenAI's shape", async () => {
    const response = await fetch(`${gateway.api.url}/v1/nothing`, { headers: { authorization: `Bearer ${gateway.key}` } });
    expect([response.status, await response.json()]).toMatchObject([404, { error: { code: "unknown_url" } }]);
  });
});
