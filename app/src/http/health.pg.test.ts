import { connect, createServer, type Socket } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createPool } from "../db/pool.ts";
import { listen } from "../lifecycle.ts";
import { Probes } from "../llm/probes.ts";
import { signIn, startApi, until } from "../testing/api.ts";
import { question, startGateway, type TestGateway } from "../testing/gateway.ts";
import { chunk, openStream, streamText, wholeAnswer } from "../testing/upstream.ts";

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startGateway();
}, 60_000);

afterAll(() => gateway.close());

test.each(["/health", "/healthz"])("%s tells status, version, environment and time [A-03] [A-04]", async (path) => {
  const body = (await (await fetch(gateway.api.url + path)).json()) as { time: string };
  expect(body).toMatchObject({ status: "ok", version: "0.0.0-development", environment: "production" });
  expect(new Date(body.time).toISOString()).toBe(body.time);
});

test("readiness is 200 with database and runtime, 503 without the runtime [A-03] [A-04]", async () => {
  const ready = await fetch(`${gateway.api.url}/health/ready`);
  expect([ready.status, await ready.json()]).toMatchObject([
    200,
    { status: "ready", services: { postgres: "up", redis: "off", llm: "up" } },
  ]);
  const cut = await startApi({ databaseUrl: gateway.databaseUrl, upstream: "http://127.0.0.1:9/v1" });
  try {
    const response = await fetch(`${cut.url}/health/ready`);
    expect([response.status, await response.json()]).toMatchObject([
      503,
      { status: "not ready", services: { postgres: "up", llm: "down" } },
    ]);
    const answer = await fetch(`${cut.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${gateway.key}` },
      body: JSON.stringify(question),
    });
    expect([answer.status, await answer.json()]).toMatchObject([
      502,
      { error: { code: "runtime_unreachable", type: "api_error" } },
    ]);
  } finally {
    await cut.close();
  }
});

test("a database that hangs is seen as down, and up again when it goes on", async () => {
  const database = new URL(gateway.databaseUrl);
  const sockets: Socket[] = [];
  // A wire that can be held: the connection stays open, and nothing comes.
  const wire = createServer((near) => {
    const far = connect(Number(database.port), database.hostname);
    sockets.push(near, far);
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) socket.on("error", () => {});
  });
  const behindWire = Object.assign(new URL(database), { port: String(await listen(wire, 0)) });
  const { log, gateway: runtimes } = gateway.api.ctx;
  const db = createPool(behindWire.href, log, 1);
  const probes = new Probes({ gateway: runtimes, db, redis: null, log }, 1_000);
  try {
    await probes.start();
    await until(() => probes.services().postgres === "up");
    for (const socket of sockets) socket.pause();
    await until(() => probes.services().postgres === "down");
    for (const socket of sockets) socket.resume();
    await until(() => probes.services().postgres === "up");
  } finally {
    probes.stop();
    for (const socket of sockets) socket.destroy();
    wire.close();
    await db.end().catch(() => {});
  }
});

test("details need a sign-in or a key, and tell sessions, conversations, answer time and errors of the hour [A-05]", async () => {
  const { api, key, upstream } = gateway;
  const details = async (): Promise<unknown> => {
    const response = await fetch(`${api.url}/health/detailed`, { headers: { authorization: `Bearer ${key}` } });
    return await response.json();
  };
  expect((await fetch(`${api.url}/health/detailed`)).status).toBe(401);
  expect(await details()).toMatchObject({
    status: "ok",
    services: { postgres: "up" },
    openAnswers: 0,
    activeSessions: 0,
    conversationsToday: 0,
    averageAnswerSecondsLastHour: null,
    answerErrorRateLastHour: null,
  });

  const headers = await signIn(api, "gateway@test");
  const ask = async (): Promise<void> => {
    const asked = await fetch(`${api.url}/api/v1/chat`, { method: "POST", headers, body: JSON.stringify({ content: "Hi" }) });
    await asked.text();
  };
  upstream.answer((res) => streamText(res, ["x"]));
  await ask();
  upstream.answer((res) => {
    openStream(res);
    res.end(chunk("a stream without an end"));
  });
  await ask();
  await until(async () => (await api.ctx.db.query("SELECT 1 FROM messages WHERE status = 'failed'")).rows.length === 1);
  expect(await details()).toMatchObject({
    activeSessions: 1,
    conversationsToday: 2,
    averageAnswerSecondsLastHour: expect.any(Number),
    answerErrorRateLastHour: 0.5,
  });
});

test("the status of the language model is public and names no address [A-07]", async () => {
  const response = await fetch(`${gateway.api.url}/api/v1/llm/status`);
  expect(await response.json()).toEqual({
    runtime: "vllm",
    model: "test-model",
    demo: false,
    nextStep: null,
    reachable: true,
    loaded: true,
    tokensPerSecond: null,
  });
});

test("metrics are not on the public port; answers, statements and connections are in them [O-06]", async () => {
  gateway.upstream.answer((res) => wholeAnswer(res, "x"));
  await (await gateway.post(question)).text();
  expect((await fetch(`${gateway.api.url}/metrics`)).status).toBe(404);
  const text = await gateway.api.ctx.metrics.registry.metrics();
  expect(text).toContain('fidus_llm_answer_duration_seconds_count{runtime="vllm",endpoint="chat",outcome="complete"}');
  expect(Number(/fidus_db_query_duration_seconds_count (\d+)/.exec(text)?.[1])).toBeGreaterThan(0);
  expect(text).toMatch(/fidus_db_connections\{state="idle"\} [1-9]/);
});
