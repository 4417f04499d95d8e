import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { migrate } from "../db/migrate.ts";
import { migrationsFolder } from "../resources.ts";
import { addUser, signIn, startApi, timed, until, type TestApi } from "../testing/api.ts";
import { allEvents, collect, readEvents, textOf, type ReadEvent } from "../testing/events.ts";
import { query, startPostgres, type TestPostgres } from "../testing/postgres.ts";
import { startRedis, type TestRedis } from "../testing/redis.ts";
import { chunk, openStream, startUpstream, streamForEver, streamText, type ScriptedUpstream } from "../testing/upstream.ts";

let pg: TestPostgres;
let redis: TestRedis;
let upstream: ScriptedUpstream;
let api: TestApi;
let other: TestApi;
let databaseUrl: string;
let ann: Record<string, string>;
let bob: Record<string, string>;

beforeAll(async () => {
  [pg, redis] = await Promise.all([startPostgres(), startRedis()]);
  databaseUrl = await pg.createDatabase();
  await migrate(databaseUrl, migrationsFolder());
  upstream = await startUpstream();
  const env = { REDIS_URL: redis.url };
  api = await startApi({ databaseUrl, upstream: upstream.url, heartbeatMs: 100, env });
  other = await startApi({ databaseUrl, upstream: upstream.url, env });
  await addUser(api.ctx, "ann@test");
  await addUser(api.ctx, "bob@test");
  ann = await signIn(api, "ann@test");
  bob = await signIn(api, "bob@test");
}, 60_000);

afterAll(async () => {
  await api?.close();
  await other?.close();
  await upstream?.close();
  await redis?.stop();
  await pg?.stop();
});

function ask(body: unknown, headers = ann, signal?: AbortSignal): Promise<Response> {
  return fetch(`${api.url}/api/v1/chat`, { method: "POST", headers, body: JSON.stringify(body), signal: signal ?? null });
}

async function get(path: string, headers = ann): Promise<{ status: number; body: Record<string, never> }> {
  const response = await fetch(`${api.url}/api/v1${path}`, { headers });
  return { status: response.status, body: (await response.json()) as Record<string, never> };
}

/** Starts an answer that goes on until somebody stops it. */
async function endless(
  content = "go on",
): Promise<{ start: ReadEvent["data"]; rest: AsyncGenerator<ReadEvent>; left: Promise<void> }> {
  upstream.answer(streamForEver);
  const before = upstream.requests.length;
  const rest = readEvents(await ask({ content }));
  const first = await rest.next();
  const seen = await until(() => upstream.requests[before]);
  return { start: (first.value as ReadEvent).data, rest, left: seen.left };
}

describe("an answer", () => {
  test("comes as start, deltas and done, and is stored", async () => {
    upstream.answer((res) => streamText(res, ["Hello", " Ann"]));
    const events = (await allEvents(await ask({ content: "First line\nsecond" }))).filter(({ event }) => event !== "comment");
    const [start] = events;
    const { conversationId, messageId, questionId } = start?.data ?? {};
    expect([start, events.at(-1)]).toEqual([
      { event: "start", data: { conversationId, messageId, questionId, title: "First line" }, id: "0" },
      { event: "done", data: { finishReason: "stop", usage: { promptTokens: 7, completionTokens: 3 } }, id: "9" },
    ]);
    expect(textOf(events)).toBe("Hello Ann");
    const { body } = await get(`/conversations/${String(conversationId)}`);
    expect(body).toMatchObject({
      id: conversationId,
      title: "First line",
      messages: [
        { id: questionId, role: "user", content: "First line\nsecond", status: "complete" },
        { id: messageId, role: "assistant", content: "Hello Ann", status: "complete" },
      ],
    });
    expect((await get("/conversations")).body.conversations).toMatchObject([{ id: conversationId, title: "First line" }]);
  });

  test("is asked for with the conversation so far, and asks for usage", async () => {
    upstream.answer((res) => streamText(res, ["A1"]));
    const [start] = await allEvents(await ask({ content: "Q1" }));
    upstream.answer((res) => streamText(res, ["A2"]));
    await allEvents(await ask({ content: "Q2", conversationId: start?.data.conversationId, model: "other-model" }));
    expect(JSON.parse(upstream.requests.at(-1)?.body ?? "")).toMatchObject({
      model: "other-model",
      stream: true,
      stream_options: { include_usage: true },
      messages: [
        { role: "system", content: "You are a helpful assistant." },
        { role: "user", content: "Q1" },
        { role: "assistant", content: "A1" },
        { role: "user", content: "Q2" },
      ],
    });
  });

  test("in which the model wrote a character that cannot be stored is kept without it", async () => {
    upstream.answer((res) => streamText(res, ["a\0b", "\0", "c"]));
    const events = await allEvents(await ask({ content: "write nothing" }));
    expect(events.at(-1)?.event).toBe("done");
    const { body } = await get(`/conversations/${String(events[0]?.data.conversationId)}`);
    expect(body).toMatchObject({ messages: [{}, { content: "abc", status: "complete" }] });
  });

  test("has heartbeats while the runtime is silent", async () => {
    upstream.answer(async (res) => {
      await new Promise((resolve) => setTimeout(resolve, 350));
      streamText(res, ["late"]);
    });
    const kinds = (await allEvents(await ask({ content: "wait" }))).map(({ event }) => event);
    expect(kinds.filter((kind) => kind === "comment").length).toBeGreaterThanOrEqual(2);
  });

  test.each([
    [
      "the runtime refuses",
      (res: Parameters<typeof openStream>[0]) => void res.writeHead(500).end("boom"),
      "runtime_refused",
      "",
    ],
    ["the runtime is busy", (res: Parameters<typeof openStream>[0]) => void res.writeHead(429).end("{}"), "unavailable", ""],
    [
      "the runtime dies in the middle",
      (res: Parameters<typeof openStream>[0]) => {
        openStream(res);
        res.write(chunk("half"), () => res.destroy());
      },
      "runtime_broken",
      "half",
    ],
    [
      "the stream ends early",
      (res: Parameters<typeof openStream>[0]) => {
        openStream(res);
        res.end(chunk("half"));
      },
      "runtime_broken",
      "half",
    ],
    [
      "the stream carries an error",
      (res: Parameters<typeof openStream>[0]) => {
        openStream(res);
        res.end(`${chunk("half")}data: {"error":{"message":"secret detail"}}\n\n`);
      },
      "runtime_broken",
      "half",
    ],
  ])(
    "ends with an error event when %s, is stored as failed, and the next question works",
    async (_name, script, code, content) => {
      upstream.answer(script);
      const events = await allEvents(await ask({ content: "try" }));
      const last = events.at(-1);
      expect(last).toMatchObject({ event: "error", data: { code } });
      expect(JSON.stringify(events)).not.toContain("secret detail");
      const conversationId = events[0]?.data.conversationId;
      const { body } = await get(`/conversations/${String(conversationId)}`);
      expect(body).toMatchObject({ messages: [{ role: "user" }, { content, status: "failed" }] });
      upstream.answer((res) => streamText(res, ["fine"]));
      expect((await allEvents(await ask({ content: "again", conversationId }))).at(-1)?.event).toBe("done");
    },
  );

  test("is refused while another one is being written in the same conversation", async () => {
    const { start, rest } = await endless();
    const response = await ask({ content: "me too", conversationId: start.conversationId });
    expect([response.status, await response.json()]).toMatchObject([409, { error: { code: "conversation_busy" } }]);
    await rest.return(undefined);
  });

  test("left behind by a dead writer does not block the conversation", async () => {
    upstream.answer((res) => streamText(res, ["x"]));
    const [start] = await allEvents(await ask({ content: "Q" }));
    await query(databaseUrl, "UPDATE messages SET status = 'streaming', updated_at = now() - interval '1 hour' WHERE id = $1", [
      start?.data.messageId,
    ]);
    const events = await allEvents(await ask({ content: "Q2", conversationId: start?.data.conversationId }));
    expect(events.at(-1)?.event).toBe("done");
    const [row] = await query(databaseUrl, "SELECT status, finish_reason FROM messages WHERE id = $1", [start?.data.messageId]);
    expect(row).toEqual({ status: "failed", finish_reason: "interrupted" });
  });
});

describe("stopping", () => {
  test.each([
    ["on the same replica", () => api],
    ["on another replica", () => other],
  ])("%s frees the runtime within a second, and keeps what was written", async (_name, replica) => {
    const { start, rest, left } = await endless();
    await rest.next();
    const path = `${replica().url}/api/v1/chat/${String(start.messageId)}/cancel`;
    const response = await fetch(path, { method: "POST", headers: ann });
    expect(response.status).toBe(202);
    expect(await timed(left)).toBeLessThan(1_000);
    const events = await collect(rest);
    expect(events.at(-1)).toMatchObject({ event: "done", data: { finishReason: "cancelled", usage: { estimated: true } } });
    const { body } = await get(`/conversations/${String(start.conversationId)}`);
    expect(body).toMatchObject({ messages: [{}, { status: "cancelled", content: expect.stringMatching(/^one /) as string }] });
  });

  test("somebody else's answer is 404, and it goes on", async () => {
    const { start, rest } = await endless();
    const response = await fetch(`${api.url}/api/v1/chat/${String(start.messageId)}/cancel`, { method: "POST", headers: bob });
    expect(response.status).toBe(404);
    for (let seen = 0; seen < 3;) if ((await rest.next()).value?.event === "delta") seen++;
    await rest.return(undefined);
  });
});

describe("conversations", () => {
  let conversationId: string;

  beforeAll(async () => {
    upstream.answer((res) => streamText(res, ["x"]));
    const [start] = await allEvents(await ask({ content: "private" }));
    conversationId = String(start?.data.conversationId);
  });

  test("of somebody else are 404 to read, to continue and to delete, and stay", async () => {
    expect((await get(`/conversations/${conversationId}`, bob)).status).toBe(404);
    expect((await ask({ content: "x", conversationId }, bob)).status).toBe(404);
    expect((await fetch(`${api.url}/api/v1/conversations/${conversationId}`, { method: "DELETE", headers: bob })).status).toBe(
      404,
    );
    expect((await get("/conversations", bob)).body.conversations).toEqual([]);
    expect((await get(`/conversations/${conversationId}`)).status).toBe(200);
  });

  test("that cannot exist are 404", async () => {
    expect((await get("/conversations/nonsense")).status).toBe(404);
    expect((await get("/conversations/00000000-0000-4000-8000-000000000000")).status).toBe(404);
  });

  test("can be deleted with their messages by their owner", async () => {
    expect((await fetch(`${api.url}/api/v1/conversations/${conversationId}`, { method: "DELETE", headers: ann })).status).toBe(
      204,
    );
    expect((await get(`/conversations/${conversationId}`)).status).toBe(404);
    expect(await query(databaseUrl, "SELECT 1 FROM messages WHERE conversation_id = $1", [conversationId])).toEqual([]);
  });

  test("are not shown without a sign-in", async () => {
    expect((await get("/conversations", {})).status).toBe(401);
  });
});

describe("bad questions [A-20]", () => {
  test.each([
    ["empty", { content: "  \n" }, 400],
    ["too long", { content: "x".repeat(32_001) }, 400],
    ["with an unknown field", { content: "x", temperature: 1 }, 400],
    ["in a conversation that cannot be", { content: "x", conversationId: "1" }, 400],
    ["not JSON at all", "x", 400],
    ["with a character that cannot be stored", { content: "a\0b" }, 400],
    ["to a model whose name cannot be stored", { content: "x", model: "a\0b" }, 400],
    ["300 kB", { content: "x".repeat(300_000) }, 413],
  ])("%s are refused, and nothing is stored or asked", async (_name, body, status) => {
    const count = async () => (await query(databaseUrl, "SELECT count(*)::int AS n FROM messages"))[0]?.n as number;
    const before = [await count(), upstream.requests.length];
    const response = await ask(body);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error: { code: status === 413 ? "too_large" : "invalid_request" } });
    expect([await count(), upstream.requests.length]).toEqual(before);
  });
});

test("a question sent as plain text is refused with how to send it", async () => {
  const response = await ask({ content: "x" }, { ...ann, "content-type": "text/plain" });
  expect([response.status, await response.json()]).toMatchObject([
    400,
    { error: { message: "The body must be JSON, sent as Content-Type: application/json." } },
  ]);
});

test("chat goes on while Redis is away, and stopping works on the same replica", async () => {
  await redis.stop();
  await until(
    async () =>
      !(await api.ctx.redis?.ping().then(
        () => true,
        () => false,
      )),
  );
  const { start, rest, left } = await endless();
  await fetch(`${api.url}/api/v1/chat/${String(start.messageId)}/cancel`, { method: "POST", headers: ann });
  expect(await timed(left)).toBeLessThan(1_000);
  expect((await collect(rest)).at(-1)).toMatchObject({ event: "done" });
});
