import { afterAll, beforeAll, expect, test } from "vitest";
import { startApi, type TestApi } from "../testing/api.ts";
import { startGateway, type TestGateway } from "../testing/gateway.ts";

const allowed = "https://app.example";
let gateway: TestGateway;
let api: TestApi;

beforeAll(async () => {
  gateway = await startGateway();
  const env = { CORS_ALLOW_ORIGIN: `https://first.example;${allowed}` };
  api = await startApi({ databaseUrl: gateway.databaseUrl, upstream: gateway.upstream.url, env });
}, 60_000);

afterAll(async () => {
  await api?.close();
  await gateway?.close();
});

/** What a browser asks before it lets a page of another origin send a question. */
function preflight(url: string, origin: string): Promise<Response> {
  const headers = { origin, "access-control-request-method": "POST", "access-control-request-headers": "content-type" };
  return fetch(`${url}/api/v1/chat`, { method: "OPTIONS", headers });
}

test("a page of an allowed origin may call, with its cookie; one of another origin is told nothing [X-09]", async () => {
  const { headers } = await preflight(api.url, allowed);
  expect(headers.get("access-control-allow-origin")).toBe(allowed);
  expect(headers.get("access-control-allow-credentials")).toBe("true");
  expect(headers.get("vary")).toMatch(/origin/i);
  const other = await preflight(api.url, "https://evil.example");
  expect(other.headers.get("access-control-allow-origin")).toBeNull();
});

test("without the setting no other origin may call [X-09]", async () => {
  const { headers } = await preflight(gateway.api.url, allowed);
  expect(headers.get("access-control-allow-origin")).toBeNull();
});
