import { afterAll, beforeAll, expect, test } from "vitest";
import { migrationsFolder } from "../resources.ts";
import { addUser, signIn, startApi, until, type TestApi } from "../testing/api.ts";
import { allEvents, textOf } from "../testing/events.ts";
import { query, startPostgres, type TestPostgres } from "../testing/postgres.ts";
import { answerRow } from "../testing/rows.ts";
import { startUpstream, streamText, type ScriptedUpstream } from "../testing/upstream.ts";
import { migrate } from "./migrate.ts";

/** A PostgreSQL that has no room for some writes and says so as a full disk does: SQLSTATE 53100, here from a trigger. */
let pg: TestPostgres;
let upstream: ScriptedUpstream;
let api: TestApi;
let databaseUrl: string;
let ann: Record<string, string>;
let key: Record<string, string>;

beforeAll(async () => {
  [pg, upstream] = await Promise.all([startPostgres(), startUpstream()]);
  databaseUrl = await pg.createDatabase();
  await migrate(databaseUrl, migrationsFolder());
  api = await startApi({ databaseUrl, upstream: upstream.url, env: { LLM_PRICES: "test-model=1/2" } });
  const { apiKey } = await addUser(api.ctx, "ann@test");
  key = { authorization: `Bearer ${apiKey}`, "content-type": "application/json" };
  ann = await signIn(api, "ann@test");
  await query(
    databaseUrl,
    `CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$`,
  );
}, 60_000);

afterAll(async () => {
  await api?.close();
  await upstream?.close();
  await pg?.stop();
});

/** Whatever writes to the table fails while `work` runs. */
async function withoutRoom<T>(writes: "INSERT" | "UPDATE", table: string, work: () => Promise<T>): Promise<T> {
  await query(databaseUrl, `CREATE TRIGGER no_room BEFORE ${writes} ON ${table} FOR EACH STATEMENT EXECUTE FUNCTION full_disk()`);
  try {
    return await work();
  } finally {
    await query(databaseUrl, `DROP TRIGGER no_room ON ${table}`);
  }
}

const ask = (content: string): Promise<Response> =>
  fetch(`${api.url}/api/v1/chat`, { method: "POST", headers: ann, body: JSON.stringify({ content }) });

test("a question that cannot be stored is refused as a whole, with when to try again; what is there is read on", async () => {
  const before = await allEvents(await ask("before"));
  const asked = upstream.requests.length;
  await withoutRoom("INSERT", "messages", async () => {
    const response = await ask("meanwhile");
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "5"]);
    expect(await response.json()).toMatchObject({ error: { code: "unavailable" } });
    const id = String(before[0]?.data["conversationId"]);
    expect((await fetch(`${api.url}/api/v1/conversations/${id}`, { headers: ann })).status).toBe(200);
    expect((await fetch(`${api.url}/health`)).status).toBe(200);
  });
  expect(upstream.requests).toHaveLength(asked);
  expect(await query(databaseUrl, "SELECT 1 FROM conversations")).toHaveLength(1);
  expect((await allEvents(await ask("after"))).at(-1)?.event).toBe("done");
});

test("a call that costs money asks no model while the money cannot be reserved", async () => {
  const body = JSON.stringify({ model: "test-model", messages: [{ role: "user", content: "Hello" }] });
  const call = (): Promise<Response> => fetch(`${api.url}/v1/chat/completions`, { method: "POST", headers: key, body });
  upstream.answer((res) => void res.writeHead(200, { "content-type": "application/json" }).end(completion));
  const asked = upstream.requests.length;
  const response = await withoutRoom("INSERT", "budget_reservations", call);
  expect(response.status).toBe(503);
  expect(response.headers.get("retry-after")).not.toBeNull();
  expect(upstream.requests).toHaveLength(asked);
  expect((await call()).status).toBe(200);
});

test("an answer that cannot be saved is read to its end, which says so, and the conversation goes on when there is room", async () => {
  let release = (): void => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  upstream.answer(async (res) => {
    await held;
    streamText(res, ["Once ", "upon a time"]);
  });
  const asked = ask("tell");
  await until(() => upstream.requests.at(-1)?.body.includes("tell"));
  const events = await withoutRoom("UPDATE", "messages", async () => {
    release();
    return allEvents(await asked);
  });
  expect(textOf(events)).toBe("Once upon a time");
  expect(events.at(-1)).toMatchObject({
    event: "error",
    data: { code: "unavailable", message: "The answer could not be saved." },
  });
  const { conversationId, messageId } = events[0]?.data ?? {};
  await until(async () => (await answerRow(databaseUrl, String(messageId)))?.status === "failed", 15_000);
  const again = JSON.stringify({ content: "again", conversationId });
  const response = await fetch(`${api.url}/api/v1/chat`, { method: "POST", headers: ann, body: again });
  expect((await allEvents(response)).at(-1)?.event).toBe("done");
}, 30_000);

const completion = JSON.stringify({
  id: "chatcmpl-1",
  object: "chat.completion",
  created: 1,
  model: "test-model",
  choices: [{ index: 0, message: { role: "assistant", content: "Hi" }, finish_reason: "stop", logprobs: null }],
  usage: { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 },
});
