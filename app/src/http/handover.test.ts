import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { afterEach, beforeEach, expect, test } from "vitest";
import { listen } from "../lifecycle.ts";
import { Handover } from "./handover.ts";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "fidus-handover-"))));
afterEach(() => rmSync(folder, { recursive: true }));

/** Asks so many times at once, from a thread of its own, and tells how many were answered with 200. */
const asker = `
  const { parentPort, workerData: { url, count } } = require("node:worker_threads");
  const ask = () => fetch(url, { headers: { connection: "close" } }).then((response) => response.status, (error) => error.cause?.code);
  Promise.all(Array.from({ length: count }, ask)).then((all) => parentPort.postMessage(all));
`;

test("whoever came while the process was too busy to look is answered before the port closes", async () => {
  const server = createServer((_req, res) => void res.end("here"));
  const port = await listen(server, 0, "127.0.0.1");
  const handover = new Handover(join(folder, "leaving"));
  const left = handover.leave(server);
  expect(existsSync(join(folder, "leaving"))).toBe(true);
  const workerData = { url: `http://127.0.0.1:${port}`, count: 50 };
  const worker = new Worker(asker, { eval: true, workerData });
  const answers = new Promise((resolve) => worker.once("message", resolve));
  await new Promise((resolve) => worker.once("online", resolve));
  // Longer than the wait: everybody is in the queue, and nobody was taken.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_500);
  expect(await answers).toEqual(Array.from({ length: 50 }, () => 200));
  await left;
  expect(server.listening).toBe(false);
  await worker.terminate();
}, 30_000);

test("a port that is asked for ever closes all the same", async () => {
  const server = createServer((_req, res) => void res.end("here"));
  const port = await listen(server, 0, "127.0.0.1");
  const left = new Handover(join(folder, "leaving")).leave(server);
  const ask = async (): Promise<void> => {
    while (server.listening) await fetch(`http://127.0.0.1:${port}`, { headers: { connection: "close" } }).catch(() => null);
  };
  const started = performance.now();
  await Promise.all([left, ask()]);
  expect(performance.now() - started).toBeGreaterThan(9_000);
}, 30_000);
