import { readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { lines, stackContainers } from "../cli/containers.ts";
import { docker, newProduct } from "../tests/docker/product.ts";
import { writeSection, type Figure } from "./report.ts";

const restMinutes = 6;

/** Sum of PSS of all processes of each container, after the product has rested and the model has left memory. */
const product = await newProduct();
try {
  await product.up();
  await setTimeout(restMinutes * 60_000);
  const figures: Figure[] = [];
  for (const { id, role } of await stackContainers(docker, await product.id(), "community")) {
    const pids = lines(await docker(["top", id, "-eo", "pid"]))
      .slice(1)
      .map((line) => line.trim());
    const kilobytes = pids.map(pss).reduce((sum, value) => sum + value, 0);
    figures.push({ name: role, values: [kilobytes / 1000], unit: "MB" });
  }
  const total = figures.flatMap(({ values }) => values).reduce((sum, value) => sum + value, 0);
  writeSection(
    "Memory at rest",
    "node bench/memory.ts",
    [...figures, { name: "sum", values: [total], unit: "MB", goal: "≤ 600 MB" }],
    [
      `Proportional set size from /proc/PID/smaps_rollup, ${restMinutes} minutes after the last question; the model was unloaded.`,
    ],
  );
} finally {
  await product.remove();
}

/** kB; 0 for a process that ended meanwhile. */
function pss(pid: string): number {
  try {
    return Number(/^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
