import { readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { lines, stackContainers } from "../cli/containers.ts";
import { eventually } from "../infra/core/eventually.ts";
import { docker, newProduct } from "../tests/docker/product.ts";
import { writeSection, type Figure } from "./report.ts";

const restMinutes = 5;

/** Sum of PSS of all processes of each container, after the product has rested and the model has left memory by itself. */
const product = await newProduct();
try {
  await product.up();
  await setTimeout(restMinutes * 60_000);
  await eventually("the model left memory", async () => !(await modelLoaded()), 120_000);
  const id = await product.id();
  const figures: Figure[] = [];
  for (const container of await stackContainers(docker, id, "community")) {
    const pids = lines(await docker(["top", container.id, "-eo", "pid"])).slice(1);
    const kibibytes = pids.map((pid) => pss(pid.trim())).reduce((sum, value) => sum + value, 0);
    figures.push({ name: container.role, values: [(kibibytes * 1024) / 1e6], unit: "MB" });
  }
  const total = figures.flatMap(({ values }) => values).reduce((sum, value) => sum + value, 0);
  const all = lines(await docker(["ps", "--quiet", "--filter", "label=fidus.installation"])).length;
  writeSection(
    "Memory at rest",
    "node bench/memory.ts",
    [...figures, { name: "**sum**", values: [total], unit: "MB", goal: "≤ 600 MB" }],
    [
      `Proportional set size from /proc/PID/smaps_rollup, ${restMinutes} minutes after the last question or as soon after as the model was unloaded.`,
      ...(all > figures.length
        ? [`${all - figures.length} containers of other installations shared pages with these: the sum is too small.`]
        : []),
    ],
  );
} finally {
  await product.remove();
}

async function modelLoaded(): Promise<boolean> {
  const response = await fetch(`${product.url}/api/v1/llm/status`);
  return ((await response.json()) as { loaded: boolean }).loaded;
}

/** KiB; 0 for a process that ended meanwhile. */
function pss(pid: string): number {
  try {
    return Number(/^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
