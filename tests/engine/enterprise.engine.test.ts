import { afterAll, beforeAll, expect, test } from "vitest";
import { EnterpriseProject } from "./enterprise-project.ts";
import { plannedSteps } from "./steps.ts";

let enterprise: EnterpriseProject;
const minutes = (count: number) => ({ timeout: count * 60_000 });
beforeAll(async () => {
  enterprise = await EnterpriseProject.create();
}, 300_000);
afterAll(() => enterprise[Symbol.asyncDispose]());

test("global", minutes(10), async () => {
  await enterprise.upGlobal();
  console.log(enterprise.simulation.inventory.join("\n"));
  expect(await plannedSteps(enterprise.global)).toEqual([]);
});
test("region", minutes(10), async () => {
  await enterprise.upRegion("eu-central-1");
  console.log(enterprise.simulation.inventory.length);
  const t = performance.now();
  expect(await plannedSteps(enterprise.region("eu-central-1"))).toEqual([]);
  console.log(performance.now() - t, (await enterprise.region("eu-central-1").resources()).length);
});
