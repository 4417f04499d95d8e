import { afterEach, beforeEach, expect, test } from "vitest";
import { createLogger } from "../log.ts";
import { until } from "../testing/api.ts";
import { startUpstream, wholeAnswer, type ScriptedUpstream } from "../testing/upstream.ts";
import type { RuntimeConfig } from "./config.ts";
import { Runtime } from "./runtime.ts";

let upstream: ScriptedUpstream;
let runtimes: Runtime[];

beforeEach(async () => {
  upstream = await startUpstream(["m"]);
  upstream.answer((res) => wholeAnswer(res, "x"));
  runtimes = [];
});
afterEach(async () => {
  for (const runtime of runtimes) await runtime.upstream.close();
  await upstream.close();
});

function runtime(given: Partial<RuntimeConfig>): Runtime {
  const config: RuntimeConfig = {
    name: "r",
    kind: "lmstudio",
    baseUrl: upstream.url,
    apiKey: null,
    cloud: false,
    optIn: false,
    redaction: "off",
    concurrency: 2,
    queue: 2,
    queueSeconds: 1,
    endpoints: ["chat"],
    usageInStream: true,
    contextTokens: null,
    warmUp: [],
    ...given,
  };
  const made = new Runtime(config, createLogger("silent", "test", ""));
  runtimes.push(made);
  return made;
}

test("a runtime that comes up loads its models once, and again when it was away", async () => {
  const one = runtime({ warmUp: ["m", "n"] });
  await one.look();
  await until(() => upstream.requests.length === 2);
  expect(upstream.requests.map(({ body }) => (JSON.parse(body) as { model: string }).model)).toEqual(["m", "n"]);
  await one.look();
  expect([one.state.reachable, upstream.requests.length]).toEqual([true, 2]);
});

test("a cloud is looked at once a minute, a runtime of the house each time", async () => {
  const cloud = runtime({ cloud: true });
  const house = runtime({});
  for (const one of [cloud, house]) await one.look();
  await upstream.close();
  for (const one of [cloud, house]) await one.look();
  expect([cloud.state.reachable, house.state.reachable]).toEqual([true, false]);
});

test("the time to the first byte is smoothed", () => {
  const one = runtime({});
  expect(one.latencyMs).toBeNull();
  one.answeredIn(100);
  one.answeredIn(200);
  expect(one.latencyMs).toBeCloseTo(130);
});
