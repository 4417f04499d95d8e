import { parseArgs } from "node:util";
import { startFidus, startLitellm, startPortkey, type Contender } from "./gateway/contenders.ts";
import { quantile, run, type Load } from "./gateway/load.ts";
import { measured } from "./gateway/process.ts";
import { writeSection, type Figure } from "./report.ts";

/** The gateway against its peers: same scripted runtime, same questions, one process each, in turn, several times. */
const { values: options } = parseArgs({
  options: { runs: { type: "string", default: "5" }, only: { type: "string" }, print: { type: "boolean", default: false } },
});
const runs = Number(options.runs);

/** Requests of one run, by what is measured. LiteLLM is slower by so much that a run of the others' length would take an hour. */
const shapes = {
  "1 connection": { connections: 1, requests: 400, stream: false },
  "10 connections": { connections: 10, requests: 3_000, stream: false },
  "50 connections": { connections: 50, requests: 3_000, stream: false },
  "1 connection, streamed": { connections: 1, requests: 200, stream: true },
  "10 connections, streamed": { connections: 10, requests: 1_000, stream: true },
} as const;
type Name = keyof typeof shapes;
const names = Object.keys(shapes) as Name[];
const slower = 10;

const runtime = measured(process.execPath, [`${import.meta.dirname}/gateway/upstream.ts`], {});
const contenders: Contender[] = [];
try {
  const [port] = await runtime.line(/^\d+/);
  const upstream = `http://127.0.0.1:${port}/v1`;
  for (const start of [startFidus, startPortkey, startLitellm]) {
    if (options.only === undefined || options.only.split(",").some((name) => start.name.toLowerCase().includes(name)))
      contenders.push(await start(upstream));
  }
  const direct = { name: "direct", url: `${upstream}/chat/completions`, headers: {} };
  const seen = new Map<string, Load[]>();
  for (const contender of contenders) await measure(contender, { connections: 10, requests: 2_000, stream: false });
  for (let turn = 0; turn < runs; turn++) {
    for (const name of names) {
      for (const target of [direct, ...contenders]) {
        const load = await measure(target, shapes[name]);
        const key = `${target.name} ${name}`;
        seen.set(key, [...(seen.get(key) ?? []), load]);
      }
    }
  }
  const figures = names.flatMap((name) => figuresOf(name, (target) => seen.get(`${target} ${name}`) ?? []));
  if (options.print) for (const { name, values } of figures) console.log(name, values.map((value) => value.toFixed(2)).join(" "));
  else writeSection("The gateway against its peers", "node bench/gateway.ts", figures, remarks(contenders));
} finally {
  for (const contender of contenders) await contender.stop();
  await runtime.stop();
}

async function measure(
  target: Parameters<typeof run>[0] & { readonly name: string },
  shape: Parameters<typeof run>[1],
): Promise<Load> {
  const requests = target.name.startsWith("LiteLLM") ? Math.ceil(shape.requests / slower) : shape.requests;
  return run(target, { ...shape, requests });
}

function figuresOf(name: Name, loads: (target: string) => readonly Load[]): Figure[] {
  const direct = loads("direct");
  const own = loads("Fidus");
  const figures: Figure[] = [];
  for (const { name: target } of contenders) {
    const its = loads(target);
    const what = `${name}: ${target}`;
    figures.push({ name: `${what}, CPU per request`, values: its.map(({ cpuMicros }) => cpuMicros), unit: "µs" });
    figures.push({ name: `${what}, requests per second`, values: its.map(({ perSecond }) => perSecond), unit: "count" });
    if (shapes[name].connections === 1) {
      for (const [label, share, goal] of [
        ["p50", 0.5, "≤ 1.5 ms"],
        ["p99", 0.99, "≤ 8 ms"],
      ] as const) {
        const values = its.map(
          ({ latencies }, turn) => quantile(latencies, share) - quantile(direct[turn]?.latencies ?? [], share),
        );
        const first = shapes[name].stream ? "first byte, " : "";
        figures.push({ name: `${what}, added ${first}${label}`, values, unit: "ms", ...(target === "Fidus" ? { goal } : {}) });
      }
    }
    if (target === "Fidus" || own.length === 0) continue;
    const ratio = (of: (load: Load) => number): number[] => its.map((load, turn) => of(load) / of(own[turn] ?? load));
    const goal =
      shapes[name].stream || shapes[name].connections === 1 ? {} : { goal: target.startsWith("LiteLLM") ? "≥ 20" : "≥ 2" };
    figures.push({
      name: `**${name}: CPU of ${target} / Fidus**`,
      values: ratio(({ cpuMicros }) => cpuMicros),
      unit: "ratio",
      ...goal,
    });
  }
  return figures;
}

function remarks(all: readonly Contender[]): string[] {
  return [
    "CPU is user and system time of the gateway's process alone; callers, runtime, PostgreSQL and Redis share the machine.",
    "A stream is 23 events in one write. Answers of 20 words; every answer must be 200.",
    ...all.map(({ name, work }) => `${name} ${work}.`),
  ];
}
