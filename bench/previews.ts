import * as pro from "../tests/engine/pro-project.ts";
import * as starter from "../tests/engine/starter-project.ts";
import { EnterpriseProject } from "../tests/engine/enterprise-project.ts";
import { HetznerProject } from "../tests/engine/hetzner-project.ts";
import type { EngineProject } from "../toolchain/providers/testing/engine.ts";
import { timed, writeSection, type Figure } from "./report.ts";

const runs = 5;

/** Times of a plain preview of what is up and unchanged: the real engine and program, the clouds simulated. */
const figures: Figure[] = [];
{
  await using host = await HetznerProject.create(starter.atHetzner, starter.tokens);
  await host.atHetzner();
  await host.up();
  figures.push(await unchanged("starter", host.simulation.project, "≤ 3 s"));
}
{
  await using cluster = await HetznerProject.create(pro.atHetzner, pro.secrets);
  for (const topology of ["standard", "compact"]) {
    await cluster.reset();
    await cluster.atHetzner({ topology });
    await cluster.up();
    figures.push(await unchanged(`pro, ${topology}`, cluster.simulation.project, "≤ 3 s"));
  }
}
{
  await using enterprise = await EnterpriseProject.create();
  await enterprise.upGlobal();
  figures.push(await unchanged("enterprise, global", enterprise.global));
  await enterprise.upRegion("eu-central-1");
  figures.push(await unchanged("enterprise, a region", enterprise.region("eu-central-1"), "≤ 4 s"));
}
writeSection("Unchanged previews of the clouds", "node bench/previews.ts", figures, [
  "`pulumi preview --expect-no-changes` from its start to its end; engine, language host and small providers as built from package registries, clouds simulated on loopback. Resources without the stack and its providers.",
]);

async function unchanged(name: string, project: EngineProject, goal = ""): Promise<Figure> {
  const values: number[] = [];
  delete project.env["PULUMI_DEBUG_GRPC"]; // of the tests, not of users
  for (let run = 0; run < runs; run += 1) {
    const { seconds, result } = await timed(() => project.run("preview", "--expect-no-changes"));
    if (result.code !== 0) throw new Error(result.output);
    values.push(seconds);
  }
  return { name: `${name}, ${(await project.resources()).length} resources`, values, unit: "s", goal };
}
