import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { migrate } from "../db/migrate.ts";
import { migrationsFolder } from "../resources.ts";
import { addUser, startApi, timed, until, type TestApi } from "../testing/api.ts";
import { startPostgres, type TestPostgres } from "../testing/postgres.ts";
import { startUpstream, wholeAnswer, type ScriptedUpstream } from "../testing/upstream.ts";
import { createTelemetry } from "./telemetry.ts";

/** Receivers of this test: everything they were sent. */
interface Sent {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: string;
}
const sent: Sent[] = [];
let receiver: Server;
let base: string;
let pg: TestPostgres;
let upstream: ScriptedUpstream;
let databaseUrl: string;

const asked = "the plum is in the icebox";
const answered = "so sweet and so cold";

beforeAll(async () => {
  receiver = createServer(async (req, res) => {
    const parts: Buffer[] = [];
    for await (const part of req as AsyncIterable<Buffer>) parts.push(part);
    sent.push({
      path: req.url ?? "",
      authorization: req.headers.authorization,
      body: Buffer.concat(parts).toString("utf8"),
    });
    res.writeHead(200, { "content-type": "application/json" }).end("{}");
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
  pg = await startPostgres();
  upstream = await startUpstream();
  databaseUrl = await pg.createDatabase();
  await migrate(databaseUrl, migrationsFolder());
}, 60_000);

afterAll(async () => {
  receiver.closeAllConnections();
  receiver.close();
  await upstream.close();
  await pg.stop();
});

async function ask(api: TestApi, email: string): Promise<Response> {
  const { apiKey } = await addUser(api.ctx, email);
  return fetch(`${api.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${apiKey}`, "x-request-id": "req-1" },
    body: JSON.stringify({ model: "test-model", messages: [{ role: "user", content: asked }] }),
  });
}

interface OtlpSpan {
  readonly name: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly attributes: readonly { readonly key: string; readonly value: Record<string, unknown> }[];
}
const spansIn = ({ body }: Sent): OtlpSpan[] =>
  (JSON.parse(body) as { resourceSpans: { scopeSpans: { spans: OtlpSpan[] }[] }[] }).resourceSpans.flatMap(({ scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) => spans),
  );

test("a question becomes spans of request, budget and upstream, for the collector and for Langfuse, without a word of it [O-08] [L-13]", async () => {
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: base,
    LANGFUSE_BASE_URL: `${base}/langfuse`,
    LANGFUSE_PUBLIC_KEY: "pk-lf-1",
    LANGFUSE_SECRET_KEY: "sk-lf-0123456789",
  };
  upstream.answer((res) => wholeAnswer(res, answered));
  const api = await startApi({ databaseUrl, upstream: upstream.url, env });
  expect(await (await ask(api, "traced@test")).text()).toContain(answered);
  await until(() => sent.length >= 2, 10_000);
  await api.close();
  expect(sent.map(({ path }) => path).sort()).toEqual(["/langfuse/api/public/otel/v1/traces", "/v1/traces"]);
  const basic = Buffer.from("pk-lf-1:sk-lf-0123456789").toString("base64");
  expect(sent.find(({ path }) => path.startsWith("/langfuse"))?.authorization).toBe(`Basic ${basic}`);
  for (const one of sent) {
    const spans = spansIn(one);
    const root = spans.find(({ name }) => name === "chat");
    expect(spans.map(({ name }) => name).sort()).toEqual(["budget", "chat", "upstream"]);
    expect(spans.filter(({ parentSpanId }) => parentSpanId === root?.spanId)).toHaveLength(2);
    const told = Object.fromEntries((root?.attributes ?? []).map(({ key, value }) => [key, Object.values(value)[0]]));
    expect(told).toMatchObject({
      "fidus.request_id": "req-1",
      "fidus.outcome": "complete",
      "gen_ai.request.model": "test-model",
      "gen_ai.usage.input_tokens": 7,
      "gen_ai.usage.output_tokens": 3,
    });
    for (const words of [asked, answered]) expect(one.body).not.toContain(words);
  }
}, 60_000);

test("a fault is told to Sentry by kind and place, without its text; what has a code of its own is not a fault", async () => {
  sent.length = 0;
  const { host } = new URL(base);
  const api = await startApi({ databaseUrl, upstream: upstream.url, env: { SENTRY_DSN: `http://public@${host}/1` } });
  expect((await fetch(`${api.url}/v1/models`)).status).toBe(401);
  const { apiKey } = await addUser(api.ctx, "fault@test");
  const planner = api.ctx.gateway.planner as { models: unknown };
  planner.models = () => {
    throw new TypeError(asked);
  };
  const response = await fetch(`${api.url}/v1/models`, { headers: { authorization: `Bearer ${apiKey}` } });
  expect(response.status).toBe(500);
  await until(() => sent.length > 0);
  await api.close();
  expect(sent.map(({ path }) => path.split("?")[0])).toEqual(["/api/1/envelope/"]);
  const [{ body = "" } = {}] = sent;
  expect(body).toContain('"type":"TypeError","value":"(kept)"');
  expect(body).toContain("telemetry.pg.test.ts");
  expect(body).not.toContain(asked);
}, 60_000);

test("receivers that are away cost no answer and no time at the end", async () => {
  const away = "http://127.0.0.1:9";
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: away, SENTRY_DSN: "http://public@127.0.0.1:9/1" };
  upstream.answer((res) => wholeAnswer(res, answered));
  const api = await startApi({ databaseUrl, upstream: upstream.url, env });
  for (const name of ["a", "b", "c"]) expect((await ask(api, `${name}@test`)).status).toBe(200);
  expect(await timed(api.close())).toBeLessThan(5_000);
}, 60_000);

test("nobody is told anything unless somebody is named", async () => {
  const off = { otlpEndpoint: null, langfuse: null, sentryDsn: null };
  const telemetry = await createTelemetry({ telemetry: off, version: "1", environment: "production" });
  telemetry.fault(new Error("x"), {});
  await telemetry.close();
  sent.length = 0;
  const api = await startApi({ databaseUrl, upstream: upstream.url });
  expect((await ask(api, "quiet@test")).status).toBe(200);
  await api.close();
  expect(sent).toEqual([]);
}, 60_000);
