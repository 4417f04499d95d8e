import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { expect } from "vitest";
import { cloudRules } from "../simulator/rules/index.ts";
import { packageNames } from "../simulator/schema/wanted.ts";
import type { Cloud } from "../simulator/cloud/cloud.ts";
import type { Thing } from "../simulator/cloud/store.ts";
import { findEngine, killEngine, workOf } from "../tools/kill-engine.ts";
import type { CloudHome } from "./cloud-home.ts";

/** How long nothing may be asked of the clouds, and engine and plugins must rest, before all that can be begun counts as begun, ms. */
const quiet = 500;
/** Work that is done at rest, ms: timers, collected garbage. */
const atRest = 20;
const limit = 150_000;

/**
 * Kills the engine of `./fidus up NAME` again and again, each time when all that can be begun without the types that were never
 * cut off has been begun, until every type that is made was cut off once, but for those to be spared. Of two or more of a type
 * that were being made, one is taken away: as if the kill had come before the cloud was asked. Returns the types; the last `up`
 * has ended well.
 */
export async function killInEveryCreate(
  home: CloudHome,
  name: string,
  env: Readonly<Record<string, string>>,
  spared: readonly string[] = [],
): Promise<readonly string[]> {
  const cut = new Set<string>();
  const all = packageNames.flatMap((cloud) => Object.keys(cloudRules[cloud].types)).filter((type) => !spared.includes(type));
  for (;;) {
    home.clouds.aws.faults.faults = { endless: all.filter((type) => !cut.has(type)) };
    const run = home.start(["up", name, "--yes", "--json"], env);
    const making = await Promise.race([run.ended.then(() => null), allBegun(home)]);
    if (making !== null) killEngine(home.folder);
    const { code, stdout, stderr } = await run.ended;
    if (making === null) {
      if (code !== 0) throw new Error(`./fidus up ${name}, after ${[...cut].join(", ")} were cut off:\n${stderr}\n${stdout}`);
      return [...cut].sort();
    }
    if (code !== 1 || !stdout.includes('"engine-killed"'))
      throw new Error(`ended with ${code}, not killed:\n${stderr}\n${stdout}`);
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
  let [operations, spent, since] = [-1, 0, performance.now()];
  while (performance.now() < until) {
    const now = home.clouds.aws.faults.operations.length;
    const engine = findEngine(home.folder);
    const work = engine === undefined ? { spent: 0, busy: true } : workOf(engine);
    if (now !== operations || work.busy || work.spent > spent + atRest)
      [operations, spent, since] = [now, work.spent, performance.now()];
    const making = clouds.flatMap((cloud) => {
      const things = cloud.store.all().filter((thing) => !cloud.isReady(thing));
      return things.map((thing) => ({ cloud, thing }));
    });
    // What a killed engine was making stays so while the next run only asks for it.
    if (making.length > 0 && performance.now() - since > quiet) return making;
    await setTimeout(100);
  }
  throw new Error("nothing is being made, and the up does not end");
}

interface State {
  readonly checkpoint: { readonly latest: { readonly resources: readonly { readonly type: string; readonly id?: string }[] } };
}

/** The last part of each type's name. */
export const short = (types: readonly string[]): string[] => types.map((type) => type.split(":").at(-1) ?? "").sort();

/** Everything that exists is in the states of these stacks, once, and another `up` of the last of them has nothing to do. */
export async function expectWhole(
  home: CloudHome,
  env: Readonly<Record<string, string>>,
  ...stacks: readonly [string, ...string[]]
): Promise<void> {
  expect(stacks.flatMap((stack) => recorded(home, stack)).sort()).toEqual(existing(home));
  const { code, stdout, stderr } = await home.start(["up", stacks.at(-1) ?? "", "--json"], env).ended;
  expect(code, stderr).toBe(0);
  const result = JSON.parse(stdout) as { stacks: { changes: object }[] };
  expect(result.stacks.flatMap(({ changes }) => Object.keys(changes))).toEqual(["same"]);
}

/** What the state of a stack has at the clouds, as `type id`, sorted. */
function recorded(home: CloudHome, stack: string): string[] {
  const data = join(home.folder, "data/fidus/installations");
  const file = readdirSync(data, { recursive: true, encoding: "utf8" }).find((name) =>
    name.endsWith(`stacks/fidus/${stack}.json`),
  );
  const { checkpoint } = JSON.parse(readFileSync(join(data, file ?? ""), "utf8")) as State;
  const ours = checkpoint.latest.resources.filter(({ type, id }) => id !== undefined && /^(aws|hcloud|cloudflare):/.test(type));
  return ours.map(({ type, id }) => `${type} ${id}`).sort();
}

/** What exists in the clouds, as `type id`, sorted. */
function existing(home: CloudHome): string[] {
  const things = Object.values(home.clouds).flatMap((cloud) => cloud.store.all());
  return things.map(({ type, id }) => `${type} ${id}`).sort();
}
