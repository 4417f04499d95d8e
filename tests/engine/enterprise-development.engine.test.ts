import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { EngineProject } from "../../toolchain/providers/testing/engine.ts";
import { EnterpriseProject } from "./enterprise-project.ts";
import { withoutIds } from "./same-state.ts";
import { operationsOf, plannedSteps } from "./steps.ts";

/** A development region of the enterprise edition on the real engine; AWS is simulated. */
let enterprise: EnterpriseProject;
const minutes = (count: number) => ({ timeout: count * 60_000 });
const frankfurt = "eu-central-1";
const aws = () => enterprise.simulation.clouds.aws;

beforeAll(async () => {
  enterprise = await EnterpriseProject.create();
}, 300_000);
afterAll(() => enterprise[Symbol.asyncDispose]());

describe("a development region", () => {
  const development = { environment: "development", gpuNodes: "0", natGateways: "one", nightSleep: "20:00-06:30" };
  let wanted: unknown[];
  let types: readonly string[];

  test(
    "its nodes sleep at night, it has no GPU until asked for one, and mail goes out before it costs too much [M-05]",
    minutes(5),
    async () => {
      const { simulation } = enterprise;
      await enterprise.upRegion(frankfurt, development);
      const inputs = (name: string) => simulation.things.find((thing) => thing.name === name)?.inputs;
      for (const [group, nodes] of [
        ["system", 5],
        ["gpu", 0],
      ] as const) {
        expect(inputs(`${group}-night`)).toMatchObject({
          recurrence: "0 20 * * *",
          timeZone: "Europe/Berlin",
          minSize: 0,
          maxSize: 0,
        });
        expect(inputs(`${group}-day`)).toMatchObject({ recurrence: "30 6 * * *", minSize: nodes, desiredCapacity: nodes });
      }
      expect(inputs("gpu-group")?.["scalingConfig"]).toEqual({ minSize: 0, desiredSize: 0, maxSize: 4 });
      expect(inputs("cost-budget")).toMatchObject({
        limitAmount: "5000",
        notifications: [
          { threshold: 80, notificationType: "ACTUAL", subscriberEmailAddresses: ["ops@fidus.test"] },
          { threshold: 100, notificationType: "ACTUAL" },
          { threshold: 100, notificationType: "FORECASTED" },
        ],
      });
      expect(simulation.inventory.filter((name) => name.startsWith("NatGateway"))).toEqual(["NatGateway network-nat-a"]);
      await enterprise.configureRegion(frankfurt, { ...development, timeZone: "UTC" });
      const schedules = ["gpu-day", "gpu-night", "system-day", "system-night"].map((name) => `update ${name}`);
      expect(operationsOf(await plannedSteps(enterprise.region(frankfurt)))).toEqual(schedules);
      wanted = withoutIds(await enterprise.region(frankfurt).resources(), simulation.things);
      types = [...new Set(simulation.things.map(({ type }) => type))].sort();
    },
  );

  test("one operation of each type fails: the next ups go on and end where an unfailed one ends", minutes(15), async () => {
    await enterprise.reset();
    await enterprise.configureRegion(frankfurt, development);
    await expectSameInSpiteOf(types, enterprise.region(frankfurt), wanted);
  });
});

test("a global stack of which one operation of each type fails ends where an unfailed one ends", minutes(5), async () => {
  const { simulation, global } = enterprise;
  await enterprise.reset();
  await enterprise.upGlobal();
  const wanted = withoutIds(await global.resources(), simulation.things);
  const types = [...new Set(simulation.things.map(({ type }) => type))].sort();
  expect(types).toHaveLength(9);
  await enterprise.reset();
  await expectSameInSpiteOf(types, global, wanted);
});

/** Makes the stack anew while the first create of each type is refused. */
async function expectSameInSpiteOf(types: readonly string[], project: EngineProject, wanted: readonly unknown[]): Promise<void> {
  aws().faults.faults = { refusals: types.map((type) => ({ type, message: `the first ${type} fails`, times: 1 })) };
  const failed = new Set<string>();
  let ups = 0;
  for (let code: number | null = 1; code !== 0; ups++) {
    expect(ups).toBeLessThan(15);
    const ran = await project.up("--continue-on-error");
    for (const type of types) if (ran.output.includes(`the first ${type} fails`)) failed.add(type);
    code = ran.code;
  }
  expect([...failed].sort()).toEqual(types);
  expect(withoutIds(await project.resources(), enterprise.simulation.things)).toEqual(wanted);
}
