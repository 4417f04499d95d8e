import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { cloudRules } from "../simulator/rules/index.ts";
import { packageNames } from "../simulator/schema/wanted.ts";
import type { Cloud } from "../simulator/cloud/cloud.ts";
import type { Thing } from "../simulator/cloud/store.ts";
import { findEngine, killEngine } from "../tools/kill-engine.ts";
import type { CloudHome } from "./cloud-home.ts";

/** How long nothing new may be asked of the clouds before all that can be begun counts as begun, ms. */
const quiet = 2_500;
const limit = 150_000;

/**
 * Kills the engine of `./fidus up STACK` again and again, each time when all that can be begun without the types that were never
 * cut off has been begun, until every type that the stack makes was cut off once. Of two or more of a type that were being made,
 * one is taken away: as if the kill had come before the cloud was asked. Returns the types; the last `up` has ended well.
 */
export async function killInEveryCreate(
  home: CloudHome,
  stack: string,
  env: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  const cut = new Set<string>();
  const all = packageNames.flatMap((name) => Object.keys(cloudRules[name].types));
  for (;;) {
    home.clouds.aws.faults.faults = { endless: all.filter((type) => !cut.has(type)) };
    const run = home.start(["up", stack, "--yes", "--json"], env);
    const making = await Promise.race([run.ended.then(() => null), allBegun(home)]);
    if (making !== null) killEngine(home.folder);
    const { code, stdout, stderr } = await run.ended;
    if (making === null) {
      if (code !== 0) throw new Error(`./fidus up ${stack}, after ${[...cut].join(", ")} were cut off:\n${stderr}\n${stdout}`);
      return [...cut].sort();
    }
    if (!stdout.includes("engine-killed")) throw new Error(`the engine was not killed:\n${stderr}\n${stdout}`);
    for (const type of new Set(making.map(({ thing }) => thing.type))) {
      cut.add(type);
      const [first, second] = making.filter(({ thing }) => thing.type === type);
      if (first !== undefined && second !== undefined) first.cloud.store.remove(type, first.thing.id);
    }
  }
}

interface Making {
  readonly cloud: Cloud;
  readonly thing: Thing;
}

async function allBegun(home: CloudHome): Promise<Making[]> {
  const clouds = Object.values(home.clouds);
  const until = performance.now() + limit;
  let [operations, since] = [-1, performance.now()];
  while (performance.now() < until) {
    const now = home.clouds.aws.faults.operations.length;
    if (now !== operations) [operations, since] = [now, performance.now()];
    const making = clouds.flatMap((cloud) => {
      const things = cloud.store.all().filter((thing) => !cloud.isReady(thing));
      return things.map((thing) => ({ cloud, thing }));
    });
    // What a killed engine was making stays so while the next run only asks for it.
    const working = findEngine(home.folder) !== undefined;
    if (making.length > 0 && performance.now() - since > quiet && working) return making;
    await setTimeout(200);
  }
  throw new Error("nothing is being made, and the up does not end");
}

interface State {
  readonly checkpoint: { readonly latest: { readonly resources: readonly { readonly type: string; readonly id?: string }[] } };
}

/** What the state of a stack has at the clouds, as `type id`, sorted. */
export function recorded(home: CloudHome, stack: string): string[] {
  const data = join(home.folder, "data/fidus/installations");
  const file = readdirSync(data, { recursive: true, encoding: "utf8" }).find((name) =>
    name.endsWith(`stacks/fidus/${stack}.json`),
  );
  const { checkpoint } = JSON.parse(readFileSync(join(data, file ?? ""), "utf8")) as State;
  const ours = checkpoint.latest.resources.filter(({ type, id }) => id !== undefined && /^(aws|hcloud|cloudflare):/.test(type));
  return ours.map(({ type, id }) => `${type} ${id}`).sort();
}

/** What exists in the clouds, as `type id`, sorted. */
export function existing(home: CloudHome): string[] {
  const things = Object.values(home.clouds).flatMap((cloud) => cloud.store.all());
  return things.map(({ type, id }) => `${type} ${id}`).sort();
}
