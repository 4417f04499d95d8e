import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HetznerProject } from "../tests/engine/hetzner-project.ts";
import * as starter from "../tests/engine/starter-project.ts";
import { timed, writeSection } from "./report.ts";

const runs = 7;

/** What stacks/sdk-on-demand.mjs saves of an unchanged preview: with and without it in turns, since the machine has other work. */
const folder = await mkdtemp(join(tmpdir(), "fidus-bench-"));
const log = join(folder, "cpu");
const clock = `import { writeFileSync } from "node:fs";
if (process.argv[1]?.includes("@pulumi/pulumi/cmd/run")) process.on("exit", () => {
  const { user, system } = process.cpuUsage();
  writeFileSync(${JSON.stringify(log)}, String((user + system) / 1000));
});`;
try {
  await using host = await HetznerProject.create(starter.atHetzner, starter.tokens);
  await host.atHetzner();
  await host.up();
  const { project } = host.simulation;
  delete project.env["PULUMI_DEBUG_GRPC"]; // of the tests, not of users
  project.env["NODE_OPTIONS"] = `--import=data:text/javascript,${encodeURIComponent(clock)}`;
  const description = join(project.directory, "program/Pulumi.yaml");
  const on = await readFile(description, "utf8");
  const ways = { on, off: on.replace(/ --import=\S+/, "") };
  if (ways.off === on) throw new Error("Pulumi.yaml: got no --import; needs that of stacks/sdk-on-demand.mjs");

  const preview = async (way: keyof typeof ways): Promise<{ cpu: number; seconds: number }> => {
    await writeFile(description, ways[way]);
    const { seconds, result } = await timed(() => project.run("preview", "--expect-no-changes"));
    if (result.code !== 0) throw new Error(result.output);
    return { cpu: Number(await readFile(log, "utf8")), seconds };
  };
  await preview("off"); // fills the compile cache
  await preview("on");
  const pairs: Record<keyof typeof ways, { cpu: number; seconds: number }>[] = [];
  for (let run = 0; run < runs; run += 1) pairs.push({ off: await preview("off"), on: await preview("on") });
  writeSection(
    "Unchanged previews: what the SDK loads on demand",
    "node bench/sdk-on-demand.ts",
    [
      { name: "the program's processor time, all loaded", values: pairs.map(({ off }) => off.cpu), unit: "ms" },
      { name: "the program's processor time, on demand", values: pairs.map(({ on: { cpu } }) => cpu), unit: "ms" },
      { name: "ratio of processor times, pair by pair", values: pairs.map((pair) => pair.on.cpu / pair.off.cpu), unit: "ratio" },
      {
        name: "ratio of whole previews, pair by pair",
        values: pairs.map((pair) => pair.on.seconds / pair.off.seconds),
        unit: "ratio",
      },
    ],
    [
      "Starter at the simulated Hetzner. Both ways have a warm compile cache. Whole previews wait for the machine's other work; the processor time does so less.",
    ],
  );
} finally {
  await rm(folder, { recursive: true, force: true });
}
