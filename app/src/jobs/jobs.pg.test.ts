import { randomUUID } from "node:crypto";
import pg from "pg";
import { PgBoss } from "pg-boss";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { readSummary, setSummary } from "../chat/history-rows.ts";
import { setTitle } from "../chat/store.ts";
import { transaction } from "../db/pool.ts";
import { migrate } from "../db/migrate.ts";
import { migrationsFolder } from "../resources.ts";
import { addUser, signIn, startApi, until, type TestApi } from "../testing/api.ts";
import { allEvents } from "../testing/events.ts";
import { query, startPostgres, type TestPostgres } from "../testing/postgres.ts";
import { startApp, type AppProcess } from "../testing/process.ts";
import { startRedis, type TestRedis } from "../testing/redis.ts";
import { apiEnv } from "../testing/settings.ts";
import { startUpstream, streamText, type ScriptedUpstream, type SeenRequest } from "../testing/upstream.ts";
import { enqueue, queueNames } from "./queues.ts";
import { deleteOldConversations } from "./retention.ts";

let postgres: TestPostgres;
let redis: TestRedis;
let upstream: ScriptedUpstream;
let databaseUrl: string;
let api: TestApi;
let ann: Record<string, string>;
let annId: string;
const workers: AppProcess[] = [];

beforeAll(async () => {
  [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  databaseUrl = await postgres.createDatabase();
  await migrate(databaseUrl, migrationsFolder());
  upstream = await startUpstream();
  api = await startApi({ databaseUrl, upstream: upstream.url, env: { REDIS_URL: redis.url, LLM_CONTEXT_TOKENS: "512" } });
  annId = (await addUser(api.ctx, "ann@test")).user.id;
  ann = await signIn(api, "ann@test");
}, 60_000);

afterEach(async () => {
  for (const { child, finished } of workers.splice(0)) {
    child.kill("SIGKILL");
    await finished;
  }
});

afterAll(async () => {
  await api?.close();
  await upstream?.close();
  await redis?.stop();
  await postgres?.stop();
});

function startWorker(more: Record<string, string> = {}): AppProcess {
  const env = { ...apiEnv(databaseUrl, upstream.url), LLM_CONTEXT_TOKENS: "512", LOG_LEVEL: "info", ...more };
  const worker = startApp(["worker"], env);
  workers.push(worker);
  return worker;
}

const asksForTitle = ({ body }: SeenRequest): boolean => body.includes("You name conversations");
const asksForNotes = ({ body }: SeenRequest): boolean => body.includes("You keep notes");

/** Asks on the page and returns the conversation's id. */
async function converse(content: string, conversationId?: unknown): Promise<string> {
  const body = JSON.stringify({ content, ...(conversationId === undefined ? {} : { conversationId }) });
  const response = await fetch(`${api.url}/api/v1/chat`, { method: "POST", headers: ann, body });
  const events = await allEvents(response);
  expect(events.at(-1)?.event).toBe("done");
  return String(events[0]?.data.conversationId);
}

async function titleIn(id: string): Promise<string> {
  const sql = `SELECT user_id AS "userId", title_sealed AS sealed FROM conversations WHERE id = $1 AND title = ''`;
  const [row] = await query<{ userId: string; sealed: Buffer }>(databaseUrl, sql, [id]);
  return row === undefined ? "" : (await api.ctx.dataKeys.of(row.userId)).open("conversations.title", id, row.sealed);
}

async function jobOf(key: string, queue = "chat-title"): Promise<{ state: string; retries: number } | undefined> {
  const sql = "SELECT state, retry_count AS retries FROM jobs.job WHERE singleton_key = $1 AND name = $2";
  return (await query<{ state: string; retries: number }>(databaseUrl, sql, [key, queue]))[0];
}

/** Answers are short, titles as said; a title request is held until the returned function is called. */
function holdTitles(title: string): () => void {
  let release = (): void => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  upstream.answer(async (res, request) => {
    if (asksForTitle(request)) await held;
    streamText(res, [asksForTitle(request) ? title : "An answer."]);
  });
  return release;
}

const titleRequests = () => upstream.requests.filter(asksForTitle).length;

describe("the queue", () => {
  test("has exactly the tables that the library expects, and exactly our queues", async () => {
    const pool = new pg.Pool({ connectionString: databaseUrl });
    const db = { executeSql: (text: string, values?: unknown[]) => pool.query(text, values) };
    const boss = new PgBoss({ db, schema: "jobs", migrate: false, supervise: false, schedule: false });
    await boss.start();
    const { indexes, ...drift } = (await boss.detectSchemaDrift()) as unknown as Record<string, unknown>;
    const names = (await boss.getQueues()).map(({ name }) => name).filter((name) => !name.startsWith("__"));
    await boss.stop({ graceful: false });
    await pool.end();
    expect({ indexes, ...drift }).toMatchObject({ ok: true });
    expect(names.sort()).toEqual([...queueNames].sort());
  });

  test("gets work with the transaction that asks for it, or not at all, and once for each key", async () => {
    const [kept, lost] = [randomUUID(), randomUUID()];
    const data = { conversationId: kept };
    await transaction(api.ctx.db, async (client) => {
      await enqueue(client, "chat-summary", kept, data);
      await enqueue(client, "chat-summary", kept, data);
    });
    const broken = transaction(api.ctx.db, async (client) => {
      await enqueue(client, "chat-summary", lost, data);
      throw new Error("no");
    });
    await expect(broken).rejects.toThrow("no");
    const sql = "SELECT singleton_key AS key, state FROM jobs.job WHERE singleton_key = ANY ($1)";
    expect(await query(databaseUrl, sql, [[kept, lost]])).toEqual([{ key: kept, state: "created" }]);
    await query(databaseUrl, "DELETE FROM jobs.job WHERE singleton_key = $1", [kept]);
  });
});

describe("a job survives", () => {
  test("the SIGKILL of its worker in the middle: another one does it, once [A-17]", async () => {
    const release = holdTitles("Named by the second");
    const id = await converse("What survives?");
    expect(await jobOf(id)).toEqual({ state: "created", retries: 0 });
    const before = titleRequests();
    const first = startWorker();
    await until(() => titleRequests() > before, 20_000);
    first.child.kill("SIGKILL");
    await first.finished;
    expect([await jobOf(id), await titleIn(id)]).toEqual([{ state: "active", retries: 0 }, "What survives?"]);
    release();
    startWorker();
    await until(async () => (await titleIn(id)) === "Named by the second", 90_000);
    await until(async () => (await jobOf(id))?.state === "completed");
    expect(await jobOf(id)).toEqual({ state: "completed", retries: 1 });
  }, 150_000);

  test("a crash of PostgreSQL while it runs, and the worker takes the next one too [A-17] [D-01]", async () => {
    const release = holdTitles("After the crash");
    const before = titleRequests();
    const id = await converse("What now?");
    startWorker();
    await until(() => titleRequests() > before, 20_000);
    await postgres.restart();
    release();
    await until(async () => (await titleIn(id)) === "After the crash", 90_000);
    await until(async () => (await jobOf(id))?.state === "completed", 90_000);
    const next = await converse("And the next?");
    await until(async () => (await titleIn(next)) === "After the crash", 30_000);
  }, 240_000);

  test("the loss of Redis between question and work [D-02]", async () => {
    holdTitles("Without Redis")();
    const id = await converse("Is anything lost?");
    await redis.stop();
    startWorker({ REDIS_URL: redis.url });
    await until(async () => (await titleIn(id)) === "Without Redis", 30_000);
  }, 60_000);
});

describe("a worker that is told to stop", () => {
  test("finishes the job it has, takes no other, and exits 0", async () => {
    const release = holdTitles("Finished in order");
    const before = titleRequests();
    const id = await converse("Stop?");
    const worker = startWorker();
    await until(() => titleRequests() > before, 20_000);
    const ready = async () => (await fetch(`http://127.0.0.1:${await worker.port()}/health/ready`)).json();
    worker.child.kill("SIGTERM");
    await until(async () => ((await ready()) as { status: string }).status === "draining");
    release();
    expect(await worker.finished).toMatchObject({ code: 0, stderr: "" });
    expect([await titleIn(id), (await jobOf(id))?.state]).toEqual(["Finished in order", "completed"]);
  }, 60_000);

  test("gives the job back when the grace is over, and exits 0", async () => {
    const release = holdTitles("Second attempt");
    const before = titleRequests();
    const id = await converse("Too long?");
    const worker = startWorker({ SHUTDOWN_GRACE_SECONDS: "1" });
    await until(() => titleRequests() > before, 20_000);
    worker.child.kill("SIGTERM");
    expect((await worker.finished).code).toBe(0);
    expect([await titleIn(id), (await jobOf(id))?.state]).toEqual(["Too long?", "retry"]);
    release();
    startWorker();
    await until(async () => (await titleIn(id)) === "Second attempt", 60_000);
  }, 120_000);
});

test("a worker tells when it is ready, and its queues' depth, age and failures with bounded labels", async () => {
  upstream.answer(
    (res, request) => void (asksForTitle(request) ? res.writeHead(400).end("{}") : streamText(res, ["An answer."])),
  );
  const id = await converse("Refused?");
  const worker = startWorker();
  const port = await worker.port();
  await until(async () => (await fetch(`http://127.0.0.1:${port}/health/ready`)).status === 200, 20_000);
  await until(async () => (await jobOf(id))?.state === "completed", 30_000);
  expect(await titleIn(id)).toBe("Refused?");
  await query(databaseUrl, "INSERT INTO jobs.job (name, state, start_after) VALUES ('chat-summary', 'failed', now())");
  const waiting =
    "INSERT INTO jobs.job (name, singleton_key, start_after) VALUES ('retention', 'later', now() + interval '1 hour')";
  await query(databaseUrl, waiting);
  const text = await (await fetch(`http://127.0.0.1:${await worker.metricsPort()}/metrics`)).text();
  const lines = text.split("\n").filter((line) => line.startsWith("fidus_job"));
  expect(lines).toContain('fidus_jobs{queue="chat-summary",state="failed"} 1');
  expect(lines).toContain('fidus_jobs{queue="retention",state="waiting"} 1');
  expect(lines).toContain('fidus_job_oldest_seconds{queue="retention"} 0');
  expect(lines).toContain('fidus_job_attempts_total{queue="chat-title",outcome="given_up"} 1');
  const named = new Set(lines.flatMap((line) => /queue="([^"]+)"/.exec(line)?.[1] ?? []));
  expect([...named].filter((name) => !(queueNames as readonly string[]).includes(name))).toEqual([]);
  await query(databaseUrl, "DELETE FROM jobs.job WHERE singleton_key = 'later' OR state = 'failed'");
}, 60_000);

test("the model's title comes after the first answer and stays, and what a person chose stays too", async () => {
  upstream.answer((res, request) => streamText(res, [asksForTitle(request) ? '**"A Good Title."**' : "An answer."]));
  startWorker();
  const id = await converse("Tell me of titles\nand more");
  expect(await titleIn(id)).toBe("Tell me of titles");
  await until(async () => (await titleIn(id)) === "A Good Title", 30_000);
  const asked = titleRequests();
  await converse("And again", id);
  expect(await jobOf(id)).toMatchObject({ state: "completed" });
  expect(titleRequests()).toBe(asked);
  const renamed = await fetch(`${api.url}/api/v1/conversations/${id}`, {
    method: "PATCH",
    headers: ann,
    body: JSON.stringify({ title: "Mine" }),
  });
  expect([renamed.status, await renamed.json()]).toMatchObject([200, { id, title: "Mine" }]);
  expect(await setTitle(api.ctx, annId, id, { title: "The model's", by: "model" })).toBeNull();
  expect(await titleIn(id)).toBe("Mine");
  const ledger = "SELECT feature, outcome FROM usage_events WHERE feature = 'background' AND outcome = 'complete' LIMIT 1";
  await until(async () => (await query(databaseUrl, ledger)).length > 0, 10_000);
}, 60_000);

test("what no prompt holds any more is kept as notes, and the next question goes with them", async () => {
  upstream.answer((res, request) => {
    streamText(res, [asksForTitle(request) ? "Long" : asksForNotes(request) ? "The cat is called Mau." : "Yes.".repeat(40)]);
  });
  startWorker();
  const id = await converse(`My cat is called Mau. ${"x".repeat(300)}`);
  await converse("y".repeat(400), id);
  await converse("z".repeat(400), id);
  const notes = async () => (await readSummary(api.ctx.db, await api.ctx.dataKeys.of(annId), id))?.text;
  await until(async () => (await notes()) === "The cat is called Mau.", 30_000);
  const before = upstream.requests.length;
  await converse("What is my cat called?", id);
  const request = upstream.requests.slice(before).find((one) => !asksForTitle(one) && !asksForNotes(one));
  const { messages } = JSON.parse(request?.body ?? "{}") as { messages: { role: string; content: string }[] };
  expect(messages[0]).toEqual({
    role: "system",
    content: "You are a helpful assistant.\n\nNotes of what was said before:\nThe cat is called Mau.",
  });
  expect(messages.at(-1)).toEqual({ role: "user", content: "What is my cat called?" });
  expect(messages.some(({ content }) => content.includes("My cat is called"))).toBe(false);
  const sealed = "SELECT summary_sealed AS sealed, summary_position AS position FROM conversations WHERE id = $1";
  const [row] = await query<{ sealed: Buffer; position: string }>(databaseUrl, sealed, [id]);
  expect(row?.sealed.includes("Mau")).toBe(false);

  // The question that gives way takes the notes that hold it along, and notes of what is gone are not kept.
  const [first] = await query<{ id: string }>(
    databaseUrl,
    "SELECT id FROM messages WHERE conversation_id = $1 ORDER BY position",
    [id],
  );
  const body = JSON.stringify({ conversationId: id, content: "Anew.", replaces: first?.id });
  await allEvents(await fetch(`${api.url}/api/v1/chat`, { method: "POST", headers: ann, body }));
  expect(await notes()).toBeUndefined();
  const late = { text: "Late notes.", position: row?.position ?? "" };
  expect(await setSummary(api.ctx.db, await api.ctx.dataKeys.of(annId), id, late)).toBe(false);
  expect(await notes()).toBeUndefined();
}, 90_000);

test("retention deletes what is older than it is kept, with its messages, and nothing else", async () => {
  upstream.answer((res) => streamText(res, ["An answer."]));
  const [old, young] = [await converse("old"), await converse("young")];
  await query(databaseUrl, "UPDATE conversations SET updated_at = now() - interval '31 days' WHERE id = $1", [old]);
  const { signal } = new AbortController();
  expect(await deleteOldConversations(api.ctx.db, 32, signal)).toBe(0);
  expect(await deleteOldConversations(api.ctx.db, 30, signal)).toBe(1);
  const left = await query(databaseUrl, "SELECT id FROM conversations WHERE id = ANY ($1)", [[old, young]]);
  expect(left).toEqual([{ id: young }]);
  expect(await query(databaseUrl, "SELECT 1 FROM messages WHERE conversation_id = $1", [old])).toEqual([]);
});
