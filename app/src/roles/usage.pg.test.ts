import { afterAll, beforeAll, expect, test } from "vitest";
import { signIn, until } from "../testing/api.ts";
import { startGateway, question, type TestGateway } from "../testing/gateway.ts";
import { runApp } from "../testing/process.ts";
import { wholeAnswer } from "../testing/upstream.ts";

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startGateway();
  gateway.upstream.answer((res) => wholeAnswer(res, "Hi"));
  expect((await gateway.post(question)).status).toBe(200);
  const headers = await signIn(gateway.api, "gateway@test");
  const read = async (): Promise<unknown[]> =>
    ((await (await fetch(`${gateway.api.url}/api/v1/usage`, { headers })).json()) as { usage: unknown[] }).usage;
  await until(async () => (await read()).length === 1);
}, 60_000);

afterAll(() => gateway?.close());

const run = (...args: string[]): ReturnType<typeof runApp> => runApp(["usage", ...args], { DATABASE_URL: gateway.databaseUrl });
const row = { calls: 1, promptTokens: 7, completionTokens: 3, estimatedCalls: 0, cachedCalls: 0, costUsd: "0.00" };

test("tells everybody's usage as JSON and as CSV, by what is asked for", async () => {
  const byUser = await run("--by", "user");
  expect([byUser.code, JSON.parse(byUser.stdout)]).toMatchObject([0, { usage: [{ user: "gateway@test", ...row }] }]);
  const usual = await run();
  expect(JSON.parse(usual.stdout)).toMatchObject({ usage: [{ user: "gateway@test", feature: "chat", model: "test-model" }] });
  const csv = await run("--by", "model", "--csv");
  expect(csv.stdout.split("\n").slice(0, 2)).toEqual([
    "model,calls,promptTokens,completionTokens,estimatedCalls,cachedCalls,costUsd",
    "test-model,1,7,3,0,0,0.00",
  ]);
});

test("days before the first call hold nothing, and what is no day or group is refused with the right form", async () => {
  expect(JSON.parse((await run("--from", "2020-01-01", "--to", "2020-01-31")).stdout)).toMatchObject({
    from: "2020-01-01T00:00:00.000Z",
    to: "2020-02-01T00:00:00.000Z",
    usage: [],
  });
  for (const [flag, value] of [
    ["--from", "soon"],
    ["--to", "2026-13-01"],
    ["--by", "colour"],
  ] as const) {
    const { code, stderr } = await run(flag, value);
    expect([code, stderr]).toEqual([2, expect.stringContaining(`${flag}: got "${value}"`)]);
  }
});
