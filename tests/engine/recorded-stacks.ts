import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { secretNames } from "../../infra/config/testing.ts";
import { isMain } from "../../toolchain/providers/grpc-server.ts";
import type { EngineProject, Recorded } from "../../toolchain/providers/testing/engine.ts";
import type { Thing } from "../simulator/cloud/store.ts";
import type { PackageName } from "../simulator/schema/wanted.ts";
import { SimulatedHetznerApi } from "../simulator/testing/hetzner-api.ts";
import { Simulation } from "../simulator/testing/simulation.ts";
import { globalSettings, regions, regionSettings } from "./enterprise-project.ts";
import * as pro from "./pro-project.ts";
import * as starter from "./starter-project.ts";
import { mustUp } from "./steps.ts";

type Settings = Readonly<Record<string, string>>;

interface RecordedStack {
  readonly stack: string;
  readonly settings: Settings;
  readonly secrets: Settings;
}

const compact = { ...pro.atHetzner, topology: "compact" };

/** The stacks whose state is recorded, with the settings that made it. */
export const recordedStacks = {
  starter: { stack: "shop", settings: starter.atHetzner, secrets: starter.tokens },
  "starter-own-host": { stack: "shop", settings: starter.onOwnHost, secrets: { sshPrivateKey: starter.sshPrivateKey } },
  "pro-standard": { stack: "shop", settings: pro.atHetzner, secrets: pro.secrets },
  "pro-compact": { stack: "shop", settings: compact, secrets: pro.secrets },
  "enterprise-global": { stack: "shop-global", settings: globalSettings, secrets: {} },
  "enterprise-region": {
    stack: "shop-eu-central-1",
    settings: { ...regionSettings, ...regions["eu-central-1"], peerExists: "true" },
    secrets: {},
  },
} as const satisfies Record<string, RecordedStack>;

const peerBackups = "fidus-a1b2c3-shop-eu-west-1-backups";
const peerAlias = `alias/${peerBackups}`;

/** What of the other region the copies of backups need. */
const peer: readonly Thing[] = [
  thing("aws:s3/bucket:Bucket", peerBackups, { bucket: peerBackups, arn: `arn:aws:s3:::${peerBackups}` }),
  thing("aws:kms/alias:Alias", peerAlias, { name: peerAlias, arn: `arn:aws:kms:eu-west-1:210987654321:${peerAlias}` }),
];

function thing(type: string, id: string, outputs: Thing["outputs"]): Thing {
  return { type, id, name: "of-the-other-region", inputs: {}, outputs, ready: true };
}

const clouds = /^(aws|hcloud|cloudflare):/;
/** No recorded id has a higher number: what is made new must be new. */
const spentNumbers = 400;

/** Recorded values with a text in place of each secret: what it is does not matter. */
function opened(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(opened);
  if (typeof value !== "object" || value === null) return value;
  if ("ciphertext" in value) return "a secret of the recorded state";
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, opened(child)]));
}

export type RecordedName = keyof typeof recordedStacks;
export const recordedNames = Object.keys(recordedStacks) as readonly RecordedName[];

const folder = join(import.meta.dirname, "states");
const fileOf = (name: RecordedName): string => join(folder, `${name}.json`);

/** Stacks as a release left them: states that the real engine wrote then, for previews by the program of today. */
export class RecordedStacks {
  readonly simulation: Simulation;
  readonly #api: SimulatedHetznerApi;
  readonly #projects: Readonly<Record<string, EngineProject>>;

  private constructor(simulation: Simulation, api: SimulatedHetznerApi, projects: Readonly<Record<string, EngineProject>>) {
    this.simulation = simulation;
    this.#api = api;
    this.#projects = projects;
  }

  static async create(): Promise<RecordedStacks> {
    const simulation = await Simulation.create({ ownStacks: true, stack: "shop" });
    const api = await SimulatedHetznerApi.start(simulation.clouds.hcloud);
    simulation.project.env["HCLOUD_ENDPOINT"] = api.endpoint;
    const others = ["shop-global", "shop-eu-central-1"].map(
      async (stack) => [stack, await simulation.project.otherStack(stack)] as const,
    );
    const projects = { shop: simulation.project, ...Object.fromEntries(await Promise.all(others)) };
    return new RecordedStacks(simulation, api, projects);
  }

  /** The stack in its recorded state, its text changed by `edit`, with `changes` on top of the settings of then; null takes a key away. */
  async restore(
    name: RecordedName,
    changes: Readonly<Record<string, string | null>> = {},
    edit: (state: string) => string = (state) => state,
  ): Promise<EngineProject> {
    const project = await this.#configured(name, changes);
    await project.putState(edit(await readFile(fileOf(name), "utf8")));
    return project;
  }

  /** The stack in its recorded state, and in the simulated clouds what it knows: nothing else, and no faults. It can be changed for real. */
  async deploy(name: RecordedName): Promise<EngineProject> {
    await this.simulation.reset();
    const project = await this.restore(name);
    const state = JSON.parse(await project.stateText()) as { checkpoint: { latest: { resources: Recorded[] } } };
    const recorded = state.checkpoint.latest.resources.filter(({ type }) => clouds.test(type));
    const things = recorded.map(({ type, id, urn, inputs, outputs = {} }) => {
      const values = { inputs: opened(inputs), outputs: opened(outputs) } as Pick<Thing, "inputs" | "outputs">;
      return { type, id, name: urn.split("::").at(-1) ?? "", ...values, ready: true };
    });
    for (const one of [...things, ...(name === "enterprise-region" ? peer : [])])
      this.simulation.clouds[one.type.split(":")[0] as PackageName].store.put(one);
    for (const { store } of Object.values(this.simulation.clouds)) while (store.nextNumber() < spentNumbers);
    return project;
  }

  /** Changes the settings of a stack that is there: `changes` on top of those of then; null takes a key away. */
  configure(name: RecordedName, changes: Readonly<Record<string, string | null>>): Promise<EngineProject> {
    return this.#configured(name, changes);
  }

  /** Makes the stack anew on empty clouds and writes its state over the recorded one. */
  async record(name: RecordedName): Promise<void> {
    await this.simulation.reset();
    for (const one of peer) this.simulation.clouds.aws.store.put(one);
    const project = await this.#configured(name, {});
    await project.reset();
    await mustUp(project);
    await writeFile(fileOf(name), `${JSON.stringify(JSON.parse(await project.stateText()))}\n`);
  }

  async #configured(name: RecordedName, changes: Readonly<Record<string, string | null>>): Promise<EngineProject> {
    const { stack, settings, secrets }: RecordedStack = recordedStacks[name];
    const given = Object.entries({ ...settings, ...secrets, ...changes }).filter((entry) => entry[1] !== null);
    const isSecret = (key: string): boolean => secretNames.has(key);
    const pick = (wanted: boolean): Settings =>
      Object.fromEntries(given.filter(([key]) => isSecret(key) === wanted)) as Record<string, string>;
    const project = this.#projects[stack]!;
    await project.configure(pick(false), pick(true));
    return project;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#api[Symbol.asyncDispose]();
    await this.simulation[Symbol.asyncDispose]();
  }
}

if (isMain(import.meta.filename)) {
  const wanted = recordedNames.filter((name) => process.argv.length === 2 || process.argv.includes(name));
  await using stacks = await RecordedStacks.create();
  for (const name of wanted) await stacks.record(name);
}
