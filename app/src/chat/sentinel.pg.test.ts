import type { ServerResponse } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { migrate } from "../db/migrate.ts";
import { migrationsFolder } from "../resources.ts";
import { addUser, signIn, startApi, timed, until, type TestApi } from "../testing/api.ts";
import { collect, nextOf, readEvents, textOf } from "../testing/events.ts";
import { startPostgres, type TestPostgres } from "../testing/postgres.ts";
import { startSentinels, type TestSentinels } from "../testing/redis.ts";
import { chunk, done, openStream, startUpstream, streamForEver, type ScriptedUpstream } from "../testing/upstream.ts";

/** Two replicas whose Redis is a master, its replica and three Sentinels. */
let pg: TestPostgres;
let redis: TestSentinels;
let upstream: ScriptedUpstream;
let one: TestApi;
let other: TestApi;
let ann: Record<string, string>;

const portOfMaster = async ({ ctx }: TestApi): Promise<number> =>
  Number(/tcp_port:(\d+)/.exec((await ctx.redis?.commands.info("server")) ?? "")?.[1]);

async function ask(at: TestApi) {
  const body = JSON.stringify({ content: "tell" });
  const rest = readEvents(await fetch(`${at.url}/api/v1/chat`, { method: "POST", headers: ann, body }));
  const { data } = await nextOf(rest, "start");
  return { messageId: String(data["messageId"]), rest };
}

const follow = async (at: TestApi, messageId: string) =>
  readEvents(await fetch(`${at.url}/api/v1/chat/${messageId}/events`, { headers: ann }));

const ends = {
  dies: () => redis.master.stop(),
  hangs: () => redis.master.freeze(),
} as const;

describe.each(["dies", "hangs"] as const)("a master that %s", (end) => {
  beforeAll(async () => {
    [pg, redis, upstream] = await Promise.all([startPostgres(), startSentinels(), startUpstream()]);
    const databaseUrl = await pg.createDatabase();
    await migrate(databaseUrl, migrationsFolder());
    const options = { databaseUrl, upstream: upstream.url, heartbeatMs: 100, env: { REDIS_URL: redis.url } };
    [one, other] = [await startApi(options), await startApi(options)];
    await addUser(one.ctx, "ann@test");
    ann = await signIn(one, "ann@test");
    await until(() => [one, other].every(({ ctx }) => ctx.redis?.ready()), 20_000);
  }, 60_000);

  afterAll(async () => {
    await one?.close();
    await other?.close();
    await upstream?.close();
    await redis?.stop();
    await pg?.stop();
  });

  test("in the middle of an answer costs no reader a word, and the next one is used by every replica", async () => {
    const asked = Promise.withResolvers<ServerResponse>();
    upstream.answer((res) => {
      openStream(res);
      asked.resolve(res);
    });
    expect(await portOfMaster(one)).toBe(redis.master.port);
    const { messageId, rest } = await ask(one);
    const elsewhere = await follow(other, messageId);
    const runtime = await asked.promise;
    runtime.write(chunk("Once "));
    const first = [await nextOf(rest, "delta"), await nextOf(elsewhere, "delta")];
    await ends[end]();
    runtime.write(chunk("upon "));
    const meanwhile = [await nextOf(rest, "delta"), await nextOf(elsewhere, "delta")];
    for (const replica of [one, other]) {
      const port = await until(() => portOfMaster(replica).catch(() => 0), 30_000);
      expect(port).not.toBe(redis.master.port);
    }
    runtime.write(chunk("a time"));
    runtime.end(chunk(null, "stop") + done);
    const [here, there] = [await collect(rest), await collect(elsewhere)];
    expect(textOf([first[0]!, meanwhile[0]!, ...here])).toBe("Once upon a time");
    expect(textOf([first[1]!, meanwhile[1]!, ...there])).toBe("Once upon a time");
    for (const seen of [here, there]) expect(seen.at(-1)).toMatchObject({ event: "done", data: { finishReason: "stop" } });
  }, 60_000);

  test("leaves answers that are stopped from any replica again, at once, after it", async () => {
    upstream.answer(streamForEver);
    const before = upstream.requests.length;
    const { messageId, rest } = await ask(one);
    const { left } = await until(() => upstream.requests[before]);
    const cancelled = fetch(`${other.url}/api/v1/chat/${messageId}/cancel`, { method: "POST", headers: ann });
    expect(await timed(left)).toBeLessThan(1_000);
    expect((await cancelled).status).toBe(202);
    expect((await collect(rest)).at(-1)).toMatchObject({ event: "done", data: { finishReason: "cancelled" } });
  }, 30_000);
});
