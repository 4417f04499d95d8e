import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Thing } from "../simulator/cloud/store.ts";
import { HetznerProject } from "./hetzner-project.ts";
import { atHetzner, secrets } from "./pro-project.ts";

/** The pro edition's own program on the real engine; Hetzner and Cloudflare are simulated. */
let pro: HetznerProject;
const minutes = (count: number) => ({ timeout: count * 60_000 });

beforeAll(async () => {
  pro = await HetznerProject.create(atHetzner, secrets);
}, 300_000);
afterAll(() => pro[Symbol.asyncDispose]());
beforeEach(() => pro.reset());

const things = (type: string): Thing[] => pro.simulation.things.filter((each) => each.type.endsWith(`:${type}`));

test("standard", minutes(10), async () => {
  await pro.atHetzner();
  const started = performance.now();
  await pro.up();
  console.log(performance.now() - started);
  console.log(pro.simulation.inventory);
  const again = performance.now();
  expect(await pro.plan()).toEqual([]);
  console.log(performance.now() - again, (await pro.simulation.project.resources()).length, things("Server").length);
});
