import { readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { runApp } from "../app/src/testing/process.ts";
import { startPostgres } from "../app/src/testing/postgres.ts";
import { apiEnv } from "../app/src/testing/settings.ts";
import { startUpstream } from "../app/src/testing/upstream.ts";
import { lines } from "../cli/containers.ts";
import { docker } from "../tests/docker/product.ts";
import { TestEngine } from "../infra/images/testing.ts";
import { writeSection } from "./report.ts";

/** The application's image as one service, hardened and with 512 MB: time to the first answer, memory at rest and under load, size. */
const starts = 7;
const restSeconds = 60;
const questions = 2_000;
const abreast = 50;

const [postgres, upstream, { app: image }] = await Promise.all([
  startPostgres(),
  startUpstream(),
  new TestEngine().images("app"),
]);
const port = String(20_000 + (process.pid % 10_000));
const env = {
  ...apiEnv(await postgres.createDatabase(), upstream.url),
  PORT: port,
  RATE_LIMIT_PER_CALLER: "none",
  RATE_LIMIT_PER_ADDRESS: "none",
};
const url = `http://127.0.0.1:${port}`;
const folder = "/sys/fs/cgroup/memory/docker";
let running = "";
try {
  await mustRun("migrate");
  const { apiKey } = JSON.parse(await mustRun("admin", "create", "--email", "bench@fidus.test", "--json")) as { apiKey: string };
  const api = await coldStarts("api");
  const single = await coldStarts("single");
  await setTimeout(restSeconds * 1_000);
  const resting = await residentMegabytes();
  const asked = performance.now();
  await ask(apiKey);
  const seconds = (performance.now() - asked) / 1_000;
  const loaded = await residentMegabytes();
  const peak = Number(readFileSync(`${folder}/${running}/memory.max_usage_in_bytes`, "utf8")) / 1e6;
  const size = Number(await docker(["image", "inspect", "--format", "{{.Size}}", image])) / 1e6;
  writeSection(
    "The single service",
    "node bench/single.ts",
    [
      { name: "process start to the first 200 on /health, role single", values: single, unit: "ms" },
      { name: "the same, role api", values: api, unit: "ms", goal: "≤ 1,000 ms" },
      { name: `resident after ${restSeconds} s of rest`, values: [resting], unit: "MB", goal: "≤ 150 MB" },
      { name: `resident after ${questions} answers`, values: [loaded], unit: "MB" },
      { name: "most that the container ever held, page cache too", values: [peak], unit: "MB", goal: "≤ 512 MB" },
      { name: "image, unpacked", values: [size], unit: "MB", goal: "≤ 350 MB" },
    ],
    [
      `From the image, read-only, with 512 MB of memory and no swap: API, pages and jobs in one process; no Redis. ${questions} questions to /v1, ${abreast} at a time, answered by a scripted runtime in ${seconds.toFixed(0)} s. Resident: proportional set size of all its processes.`,
    ],
  );
} finally {
  if (running !== "") await docker(["rm", "--force", running]);
  await upstream.close();
  await postgres.stop();
}

async function mustRun(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runApp(args, env);
  if (code !== 0) throw new Error(stderr);
  return stdout;
}

/** Milliseconds from the start of the container's process to its first 200; the last container goes on. */
async function coldStarts(role: string): Promise<number[]> {
  const taken: number[] = [];
  for (let run = 0; run < starts; run++) {
    if (running !== "") await docker(["rm", "--force", running]);
    const hardened = ["--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"];
    const bounds = ["--memory", "512m", "--memory-swap", "512m", "--network", "host"];
    const settings = Object.entries(env).flatMap(([name, value]) => ["--env", `${name}=${value}`]);
    running = (await docker(["create", ...hardened, ...bounds, ...settings, image, role])).trim();
    const started = docker(["start", running]);
    const answered = await firstAnswer();
    await started;
    const at = (await docker(["inspect", "--format", "{{.State.StartedAt}}", running])).trim();
    taken.push(answered - Date.parse(at));
  }
  return taken;
}

/** When /health said 200 for the first time, ms since 1970. */
async function firstAnswer(): Promise<number> {
  const until = Date.now() + 60_000;
  while (Date.now() < until) {
    const status = await fetch(`${url}/health`).then(
      async (response) => (await response.arrayBuffer(), response.status),
      () => 0,
    );
    if (status === 200) return Date.now();
    await setTimeout(5);
  }
  throw new Error("no answer within 60 s");
}

async function ask(apiKey: string): Promise<void> {
  const headers = { authorization: `Bearer ${apiKey}`, "content-type": "application/json" };
  const body = JSON.stringify({
    model: "test-model",
    messages: [{ role: "user", content: "A question. ".repeat(100) }],
    stream: true,
  });
  let left = questions;
  const one = async (): Promise<void> => {
    while (left-- > 0) {
      const response = await fetch(`${url}/v1/chat/completions`, { method: "POST", headers, body });
      if (response.status !== 200 || !(await response.text()).includes("[DONE]")) throw new Error(`got ${response.status}`);
    }
  };
  await Promise.all(Array.from({ length: abreast }, one));
}

async function residentMegabytes(): Promise<number> {
  const pids = lines(await docker(["top", running, "-eo", "pid"])).slice(1);
  const kibibytes = pids.map((pid) =>
    Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid.trim()}/smaps_rollup`, "utf8"))?.[1]),
  );
  return (kibibytes.reduce((sum, value) => sum + value, 0) * 1_024) / 1e6;
}
