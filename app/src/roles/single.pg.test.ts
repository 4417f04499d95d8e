import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../testing/api.ts";
import { allEvents } from "../testing/events.ts";
import { startPostgres, type TestPostgres } from "../testing/postgres.ts";
import { runApp, startApp, type AppProcess } from "../testing/process.ts";
import { apiEnv } from "../testing/settings.ts";
import { startUpstream, streamText, type ScriptedUpstream } from "../testing/upstream.ts";

/** The single-service form as the image has it: the bundle, one process, one port; a PostgreSQL and no Redis. */
let postgres: TestPostgres;
let upstream: ScriptedUpstream;
let folder: string;
let app: AppProcess;
let url: string;
let headers: Record<string, string>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fidus-single-"));
  const build = execa(process.execPath, [join(import.meta.dirname, "../../build.ts"), folder]);
  [postgres, upstream] = await Promise.all([startPostgres(), startUpstream()]);
  await build;
  const env = apiEnv(await postgres.createDatabase(), upstream.url);
  for (const args of [["migrate"], ["admin", "create", "--email", "root@fidus.test", "--json"]]) {
    const { code, stdout, stderr } = await runApp(args, env);
    expect(code, stderr).toBe(0);
    if (args[0] === "admin") headers = { authorization: `Bearer ${(JSON.parse(stdout) as { apiKey: string }).apiKey}` };
  }
  app = startApp(["single"], env, join(folder, "main.js"));
  url = `http://127.0.0.1:${await app.port()}`;
  await until(async () => (await fetch(`${url}/health/ready`)).status === 200, 20_000);
}, 90_000);

afterAll(async () => {
  app?.child.kill("SIGKILL");
  await app?.finished;
  await upstream?.close();
  await postgres?.stop();
  await rm(folder, { recursive: true, force: true });
});

const html = "text/html; charset=utf-8";
const json = "application/json; charset=utf-8";

test.each([
  ["/", 200, html, "<title>Fidus</title>"],
  ["/c/anything", 200, html, "<title>Fidus</title>"],
  ["/admin", 200, html, "<title>Administration"],
  ["/admin/users", 200, html, "<title>Administration"],
  ["/docs", 200, html, "<title>API"],
  ["/health", 200, json, '"status":"ok"'],
  ["/api/v1/openapi.json", 200, json, '"openapi":"3.1'],
  ["/api/nothing", 404, json, '"code":"not_found"'],
  ["/api/v1/nothing", 404, json, '"code":"not_found"'],
  ["/v1/nothing", 401, json, '"error"'],
  ["/static/nothing.js", 404, json, '"code":"not_found"'],
])("one port answers %s with %i, %s [A-11]", async (path, status, type, text) => {
  const response = await fetch(url + path, { headers: { accept: "text/html", origin: "https://elsewhere.test" } });
  expect([response.status, response.headers.get("content-type")]).toEqual([status, type]);
  expect(await response.text()).toContain(text);
  expect(response.headers.get("access-control-allow-origin")).toBeNull();
});

test("every script and style that a page names is served from the same port [A-11]", async () => {
  const page = await (await fetch(url)).text();
  const names = [...page.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, name = ""]) => name);
  expect(names.length).toBeGreaterThan(1);
  for (const name of names) expect((await fetch(url + name)).status, name).toBe(200);
});

/** Asks on the page; returns the conversation's id. */
async function converse(content: string): Promise<string> {
  const body = JSON.stringify({ content });
  const response = await fetch(`${url}/api/v1/chat`, {
    method: "POST",
    headers: { ...headers, "content-type": "application/json" },
    body,
  });
  const events = await allEvents(response);
  expect(events.at(-1)?.event).toBe("done");
  return String(events[0]?.data.conversationId);
}

test("jobs are done by the same process, and its metrics tell of them", async () => {
  upstream.answer((res, { body }) => {
    streamText(res, [body.includes("You name conversations") ? "Rain in Spain" : "An answer."]);
  });
  const id = await converse("Where does it rain?");
  const titleOf = async (): Promise<unknown> => {
    const response = await fetch(`${url}/api/v1/conversations/${id}`, { headers });
    return ((await response.json()) as { title: unknown }).title;
  };
  await until(async () => (await titleOf()) === "Rain in Spain", 20_000);
  const metrics = await (await fetch(`http://127.0.0.1:${await app.metricsPort()}/metrics`)).text();
  expect(metrics).toMatch(/fidus_job_attempts_total\{queue="chat-title",outcome="done"\} 1/);
  expect(metrics).toContain("fidus_llm_");
});

/** Resident memory now and at its highest, bytes. */
async function memory(): Promise<{ now: number; highest: number }> {
  const status = await readFile(`/proc/${app.child.pid}/status`, "utf8");
  const of = (name: string): number => 1_024 * Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1]);
  return { now: of("VmRSS"), highest: of("VmHWM") };
}

test("a hundred people at once leave it below 512 MB [Q-13]", async () => {
  for (let round = 0; round < 3; round++) {
    await Promise.all(
      Array.from({ length: 100 }, (_, n) => converse(`Question ${n} of round ${round}: ${"words ".repeat(500)}`)),
    );
  }
  expect((await memory()).highest).toBeLessThan(512e6);
}, 60_000);

test("SIGTERM lets an open answer finish, and the process ends with 0", async () => {
  const held = Promise.withResolvers<void>();
  upstream.answer(async (res) => {
    await held.promise;
    streamText(res, ["Late, ", "but whole."]);
  });
  const before = upstream.requests.length;
  const asked = fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { ...headers, "content-type": "application/json" },
    body: JSON.stringify({ model: "test-model", stream: true, messages: [{ role: "user", content: "Slowly." }] }),
  });
  await until(() => upstream.requests.length > before);
  app.child.kill("SIGTERM");
  await until(async () => (await fetch(`${url}/health/ready`)).status === 503, 5_000);
  held.resolve();
  const text = await (await asked).text();
  expect(text).toContain("but whole.");
  expect(text).toContain("[DONE]");
  expect((await app.finished).code).toBe(0);
}, 60_000);
