import { setTimeout } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Pool } from "undici";
import { startFidus, type Contender } from "./gateway/contenders.ts";
import { heapAfterCollection } from "./gateway/heap.ts";
import { run } from "./gateway/load.ts";
import { measured } from "./gateway/process.ts";
import { writeSection, type Figure } from "./report.ts";

/** Memory of the gateway: many streams, many requests, long rest. Everything is on, as in bench/gateway.ts. */
const { values: options } = parseArgs({
  options: {
    requests: { type: "string", default: "100000" },
    minutes: { type: "string", default: "10" },
    seconds: { type: "string", default: "20" },
  },
});
type Route = "/v1" | "/api/v1/chat";
const streams = 1_000;
const perSecond = 10;
const requests = Number(options.requests);
const minutes = Number(options.minutes);
const seconds = Number(options.seconds);
const figures: Figure[] = [];
const megabytes = (bytes: number): number => bytes / 1e6;

const runtime = measured(process.execPath, [`${import.meta.dirname}/gateway/upstream.ts`], {});
const [port] = await runtime.line(/^\d+/);
const upstream = `http://127.0.0.1:${port}/v1`;
try {
  await withGateway((gateway) => growingStreams(gateway, "/v1"));
  await withGateway((gateway) => growingStreams(gateway, "/api/v1/chat"));
  await withGateway(manyRequests);
  await withGateway(restingStreams);
  writeSection("Memory of the gateway", "node bench/streams.ts", figures, [
    "Resident memory of the api process alone. The heap is what is in use after a forced collection.",
  ]);
} finally {
  await runtime.stop();
}

async function withGateway(work: (gateway: Contender) => Promise<void>): Promise<void> {
  const gateway = await startFidus(upstream, ["--inspect=127.0.0.1:0"]);
  try {
    await work(gateway);
  } finally {
    await gateway.stop();
  }
}

/** 1,000 streams at 10 chunks a second, each read to its end. The page's are kept in PostgreSQL as they grow, each in a conversation of its own. */
async function growingStreams(gateway: Contender, route: Route): Promise<void> {
  const { process } = gateway;
  await run(gateway, { connections: 10, requests: 500, stream: true });
  await heapAfterCollection(process);
  const idle = process.rss();
  const open = openStreams(gateway, route, `paced:${seconds * perSecond}`);
  await open.all;
  const cpuBefore = process.cpuMicros();
  const piecesBefore = open.pieces();
  let most = 0;
  for (let sample = 0; sample < seconds - 5; sample++) {
    await setTimeout(1_000);
    most = Math.max(most, process.rss());
  }
  const perPiece = (process.cpuMicros() - cpuBefore) / (open.pieces() - piecesBefore);
  await open.ended;
  const goals = route === "/v1" ? { idle: "≤ 150 MB", over: "≤ 100 MB", piece: "≤ 70 µs" } : { idle: "", over: "", piece: "" };
  figures.push({ name: `${route}: resident, idle`, values: [megabytes(idle)], unit: "MB", goal: goals.idle });
  figures.push({
    name: `${route}: ${streams} streams over idle`,
    values: [megabytes(most - idle)],
    unit: "MB",
    goal: goals.over,
  });
  figures.push({ name: `${route}: CPU per streamed chunk`, values: [perPiece], unit: "µs", goal: goals.piece });
}

/** What is kept after many requests that was not kept after the first tenth. */
async function manyRequests(gateway: Contender): Promise<void> {
  const { process } = gateway;
  await run(gateway, { connections: 20, requests: requests / 10, stream: false });
  const before = await heapAfterCollection(process);
  await run(gateway, { connections: 20, requests: (requests * 9) / 10, stream: false });
  const after = await heapAfterCollection(process);
  figures.push({ name: `heap after ${requests / 10} requests`, values: [megabytes(before)], unit: "MB" });
  figures.push({ name: `heap after ${requests} requests`, values: [megabytes(after)], unit: "MB" });
  figures.push({ name: "growth", values: [after / before], unit: "ratio", goal: "< 1.10" });
  figures.push({ name: `resident after ${requests} requests`, values: [megabytes(process.rss())], unit: "MB" });
}

/** 1,000 streams that have begun and say nothing more. */
async function restingStreams(gateway: Contender): Promise<void> {
  const { process } = gateway;
  const open = openStreams(gateway, "/v1", "resting");
  await open.all;
  await setTimeout(10_000);
  const before = await heapAfterCollection(process);
  await setTimeout(minutes * 60_000);
  const after = await heapAfterCollection(process);
  open.leave();
  figures.push({
    name: `${streams} resting streams, heap after ${minutes} min / before`,
    values: [after / before],
    unit: "ratio",
    goal: "flat",
  });
}

/** Opens the streams; `all`: each has its first piece. Half as many are opened at a time as the runtime's queue holds. */
function openStreams({ url, headers }: Contender, route: Route, content: string) {
  const { origin, pathname } = new URL(url);
  const path = route === "/v1" ? pathname : route;
  const pool = new Pool(origin, { connections: streams, pipelining: 1, bodyTimeout: 0 });
  const leaving = new AbortController();
  let pieces = 0;
  const question = { model: "test-model", messages: [{ role: "user", content }], max_tokens: 64, stream: true };
  const body = JSON.stringify(route === "/v1" ? question : { content });
  const ends: Promise<void>[] = [];
  const one = async (): Promise<void> => {
    const response = await pool.request({
      method: "POST",
      path,
      headers: { "content-type": "application/json", ...headers },
      body,
      signal: leaving.signal,
    });
    if (response.statusCode !== 200) throw new Error(`${response.statusCode} ${await response.body.text()}`);
    const reading = (async () => {
      for await (const bytes of response.body as AsyncIterable<Buffer>) pieces += bytes.toString().split("data: ").length - 1;
    })();
    ends.push(reading.catch((error: unknown) => (leaving.signal.aborted ? undefined : Promise.reject(error as Error))));
  };
  const all = (async () => {
    for (let opened = 0; opened < streams; opened += 50) await Promise.all(Array.from({ length: 50 }, one));
  })();
  const ended = all.then(() => Promise.all(ends)).then(() => pool.close());
  return { all, ended, pieces: () => pieces, leave: () => leaving.abort() };
}
