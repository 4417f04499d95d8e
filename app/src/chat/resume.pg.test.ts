import type { ServerResponse } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { leaseSeconds } from "./answer-rows.ts";
import { migrate } from "../db/migrate.ts";
import { migrationsFolder } from "../resources.ts";
import { addUser, signIn, startApi, timed, until, type TestApi } from "../testing/api.ts";
import { startCutLine, type CutLine } from "../testing/cut-line.ts";
import { allEvents, collect, nextOf, readEvents, textOf, type ReadEvent } from "../testing/events.ts";
import { query, startPostgres, type TestPostgres } from "../testing/postgres.ts";
import { startApp } from "../testing/process.ts";
import { answerRow } from "../testing/rows.ts";
import { startRedis, type TestRedis } from "../testing/redis.ts";
import { apiEnv } from "../testing/settings.ts";
import { chunk, done, openStream, startUpstream, streamForEver, type ScriptedUpstream } from "../testing/upstream.ts";

/** Two replicas on the same stores; the way to PostgreSQL can be cut. */
let pg: TestPostgres;
let line: CutLine;
let redis: TestRedis;
let upstream: ScriptedUpstream;
let one: TestApi;
let other: TestApi;
let databaseUrl: string;
let ann: Record<string, string>;

beforeAll(async () => {
  [pg, redis, upstream] = await Promise.all([startPostgres(), startRedis(), startUpstream()]);
  databaseUrl = await pg.createDatabase();
  await migrate(databaseUrl, migrationsFolder());
  line = await startCutLine(pg.port);
  const options = {
    databaseUrl: databaseUrl.replace(`:${pg.port}`, `:${line.port}`),
    upstream: upstream.url,
    heartbeatMs: 100,
    env: { REDIS_URL: redis.url },
  };
  [one, other] = [await startApi(options), await startApi(options)];
  await addUser(one.ctx, "ann@test");
  await addUser(one.ctx, "bob@test");
  ann = await signIn(one, "ann@test");
}, 60_000);

afterAll(async () => {
  await one?.close();
  await other?.close();
  await upstream?.close();
  await redis?.stop();
  await line?.close();
  await pg?.stop();
});

const replicas = [
  ["the same replica", () => one],
  ["another replica", () => other],
] as const;

interface Begun {
  readonly messageId: string;
  readonly rest: AsyncGenerator<ReadEvent>;
  /** Resolves when the runtime is let go. */
  readonly left: Promise<void>;
}

async function begin(at: { readonly url: string } = one): Promise<Begun> {
  const before = upstream.requests.length;
  const body = JSON.stringify({ content: "tell" });
  const rest = readEvents(await fetch(`${at.url}/api/v1/chat`, { method: "POST", headers: ann, body }));
  const { data } = await nextOf(rest, "start");
  const { left } = await until(() => upstream.requests[before]);
  return { messageId: String(data["messageId"]), rest, left };
}

function events(at: { readonly url: string }, messageId: string, from?: string, headers = ann): Promise<Response> {
  const last = from === undefined ? {} : { "last-event-id": from };
  return fetch(`${at.url}/api/v1/chat/${messageId}/events`, { headers: { ...headers, ...last } });
}

function cancel(at: { readonly url: string }, messageId: string): Promise<Response> {
  return fetch(`${at.url}/api/v1/chat/${messageId}/cancel`, { method: "POST", headers: ann });
}

const row = (messageId: string) => answerRow(databaseUrl, messageId);

/** Answers in pieces that the test lets go one by one. */
function byHand(): { readonly say: (text: string) => void; readonly end: () => void } {
  const asked = Promise.withResolvers<ServerResponse>();
  upstream.answer((res) => {
    openStream(res);
    asked.resolve(res);
  });
  return {
    say: (text) => void asked.promise.then((res) => res.write(chunk(text))),
    end: () => void asked.promise.then((res) => res.end(chunk(null, "stop") + done)),
  };
}

describe("an answer whose reader leaves", () => {
  test.each(replicas)("goes on, and %s gives the rest after the last event that was read", async (_name, replica) => {
    const { say, end } = byHand();
    const { messageId, rest } = await begin();
    say("Once ");
    const read = await nextOf(rest, "delta");
    expect(read).toEqual({ event: "delta", data: { text: "Once " }, id: "5" });
    await rest.return(undefined);
    say("upon ");
    const again = readEvents(await events(replica(), messageId, read.id));
    const seen: ReadEvent[] = [];
    while (textOf(seen) !== "upon ") seen.push((await again.next()).value as ReadEvent);
    say("a time");
    end();
    seen.push(...(await collect(again)));
    expect(textOf(seen)).toBe("upon a time");
    expect(seen.at(-1)).toMatchObject({ event: "done", data: { finishReason: "stop", usage: { estimated: true } }, id: "16" });
    expect(await row(messageId)).toMatchObject({ status: "complete", content: "Once upon a time" });
  });

  test("is given whole and in parts from every id, also long after its end", async () => {
    const { say, end } = byHand();
    const { messageId, rest } = await begin();
    for (const word of ["grüß ", "🦊 ", "dich"]) say(word);
    end();
    await collect(rest);
    const whole = "grüß 🦊 dich";
    for (const [from, text] of [
      [undefined, whole],
      ["0", whole],
      ["5", "🦊 dich"],
      ["8", "dich"],
      ["12", ""],
    ] as const) {
      const seen = (await allEvents(await events(other, messageId, from))).filter(({ event }) => event !== "comment");
      expect([textOf(seen), seen.at(-1)?.event]).toEqual([text, "done"]);
    }
  });

  test("reaches any number of readers at once, on both replicas", async () => {
    const { say, end } = byHand();
    const { messageId, rest } = await begin();
    say("for ");
    const readers = [one, other, one, other, other].map(async (at) => allEvents(await events(at, messageId)));
    say("all");
    end();
    for (const seen of [await collect(rest), ...(await Promise.all(readers))])
      expect([textOf(seen), seen.at(-1)?.event]).toEqual(["for all", "done"]);
  });
});

describe("stopping", () => {
  test.each(replicas)("on %s frees the runtime, and every reader is told [A-09]", async (_name, replica) => {
    upstream.answer(streamForEver);
    const { messageId, rest, left } = await begin();
    const elsewhere = readEvents(await events(other, messageId));
    await nextOf(elsewhere, "delta");
    const taken = timed(left);
    expect((await cancel(replica(), messageId)).status).toBe(202);
    expect(await taken).toBeLessThan(1_000); // 250 ms on a machine that has nothing else to do
    for (const reader of [rest, elsewhere])
      expect((await collect(reader)).at(-1)).toMatchObject({ event: "done", data: { finishReason: "cancelled" } });
    expect(await row(messageId)).toMatchObject({ status: "cancelled" });
  });

  test("happens by itself when the conversation is deleted", async () => {
    upstream.answer(streamForEver);
    const { messageId, left } = await begin();
    await query(databaseUrl, "DELETE FROM messages WHERE id = $1", [messageId]);
    expect(await timed(left)).toBeLessThan(6_000);
    expect((await events(one, messageId)).status).toBe(404);
  });
});

describe("a replica that is killed", () => {
  test("ends its answers: readers elsewhere get a marked failure within 6 s, and the row a last word", async () => {
    const app = startApp(["api"], {
      ...apiEnv(databaseUrl, upstream.url),
      REDIS_URL: redis.url,
      PUBLIC_URL: "http://localhost:3000",
    });
    upstream.answer(streamForEver);
    const { messageId, rest } = await begin({ url: `http://127.0.0.1:${await app.port()}` });
    const reader = readEvents(await events(other, messageId));
    await nextOf(reader, "delta");
    app.child.kill("SIGKILL");
    await collect(rest).catch(() => []);
    const seen: ReadEvent[] = [];
    const took = await timed(collect(reader).then((all) => seen.push(...all)));
    expect(took).toBeLessThan(6_500);
    expect(seen.at(-1)).toMatchObject({ event: "error", data: { code: "interrupted" } });
    expect(await row(messageId)).toMatchObject({ status: "failed", finish_reason: "interrupted" });
  }, 30_000);
});

describe("a store that is away", () => {
  test("PostgreSQL for longer than a lease: the answer goes on, and is saved when it is back", async () => {
    upstream.answer(streamForEver);
    const { messageId, rest } = await begin();
    const length = async (): Promise<number> => String((await row(messageId))?.["content"]).length;
    await until(async () => (await length()) > 0);
    line.cut();
    const outlived = "SELECT 1 FROM messages WHERE id = $1 AND updated_at < now() - make_interval(secs => $2)";
    await until(async () => (await query(databaseUrl, outlived, [messageId, leaseSeconds + 2])).length > 0, 20_000);
    const before = await length();
    line.mend();
    await until(async () => (await length()) > before, 10_000);
    expect((await cancel(one, messageId)).status).toBe(202);
    expect((await collect(rest)).at(-1)).toMatchObject({ event: "done", data: { finishReason: "cancelled" } });
  }, 30_000);

  test("Redis: answers are read on elsewhere from PostgreSQL, and stopped where they are written", async () => {
    await redis.stop();
    upstream.answer(streamForEver);
    const { messageId, rest } = await begin();
    const elsewhere = readEvents(await events(other, messageId));
    await nextOf(elsewhere, "delta");
    expect(await (await cancel(other, messageId)).json()).toEqual({ cancelled: false });
    expect(await (await cancel(one, messageId)).json()).toEqual({ cancelled: true });
    const [here, there] = [await collect(rest), await collect(elsewhere)];
    for (const seen of [here, there]) expect(seen.at(-1)).toMatchObject({ event: "done", data: { finishReason: "cancelled" } });
    expect(there.at(-1)?.id).toBe(here.at(-1)?.id);
  }, 30_000);
});

describe("somebody else's answer", () => {
  test("is 404, and a last event that cannot be is refused", async () => {
    const { say, end } = byHand();
    const { messageId, rest } = await begin();
    say("mine");
    end();
    await collect(rest);
    const bob = await signIn(one, "bob@test");
    expect((await events(one, messageId, "0", bob)).status).toBe(404);
    expect((await events(one, "00000000-0000-4000-8000-000000000000")).status).toBe(404);
    for (const from of ["-1", "x", "1.5"]) expect((await events(one, messageId, from)).status).toBe(400);
  });
});
