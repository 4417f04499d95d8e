import type { EngineProject } from "../../toolchain/providers/testing/engine.ts";
import type { Refusal } from "../simulator/cloud/faults.ts";
import { Simulation } from "../simulator/testing/simulation.ts";
import { mustUp } from "./steps.ts";

const shared = {
  installation: "a1b2c3",
  domain: "assistant.fidus.test",
  awsAccountId: "210987654321",
} as const;

export const globalSettings = { ...shared, edition: "enterprise-global", dnsZone: "fidus.test" } as const;

export const regionSettings = {
  ...shared,
  edition: "enterprise-region",
  adminRanges: "198.18.7.0/24",
  clusterAdmins: "arn:aws:iam::210987654321:role/platform",
  monthlyBudget: "5000 USD",
  alertEmail: "ops@fidus.test",
} as const;

/** Known to the program, and to nobody who reads the state. */
export const regionSecrets = { llmApiKey: "sk-of-a-region-0123456789abcdef" } as const;

export const regions = {
  "eu-central-1": { region: "eu-central-1", peerRegion: "eu-west-1", vpcRange: "10.40.0.0/16" },
  "eu-west-1": { region: "eu-west-1", peerRegion: "eu-central-1", vpcRange: "10.41.0.0/16" },
} as const;
export type RegionName = keyof typeof regions;

type Settings = Readonly<Record<string, string>>;

/** What a region that is down answers to every call. */
export function regionDown(region: RegionName): Refusal {
  return { type: "aws:", kind: "any", settings: { region }, message: `${region} does not answer (ServiceUnavailable)` };
}

/** The enterprise edition on the real engine over a simulated AWS: three stacks of one account. */
export class EnterpriseProject {
  readonly simulation: Simulation;
  readonly global: EngineProject;
  readonly #regions: Readonly<Record<RegionName, EngineProject>>;

  private constructor(simulation: Simulation, stacks: Readonly<Record<RegionName, EngineProject>>) {
    this.simulation = simulation;
    this.global = simulation.project;
    this.#regions = stacks;
  }

  static async create(): Promise<EnterpriseProject> {
    const simulation = await Simulation.create({ ownStacks: true, stack: "shop-global" });
    const one = await simulation.project.otherStack("shop-eu-central-1");
    const other = await simulation.project.otherStack("shop-eu-west-1");
    return new EnterpriseProject(simulation, { "eu-central-1": one, "eu-west-1": other });
  }

  region(name: RegionName): EngineProject {
    return this.#regions[name];
  }

  configureGlobal(changes: Settings = {}): Promise<void> {
    return this.global.configure({ ...globalSettings, ...changes });
  }

  configureRegion(name: RegionName, changes: Settings = {}): Promise<void> {
    return this.region(name).configure({ ...regionSettings, ...regions[name], ...changes }, regionSecrets);
  }

  async upGlobal(changes: Settings = {}): Promise<void> {
    await this.configureGlobal(changes);
    await mustUp(this.global);
  }

  async upRegion(name: RegionName, changes: Settings = {}, ...args: string[]): Promise<void> {
    await this.configureRegion(name, changes);
    await mustUp(this.region(name), ...args);
  }

  async reset(): Promise<void> {
    await this.simulation.reset();
    for (const project of Object.values(this.#regions)) await project.reset();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.simulation[Symbol.asyncDispose]();
  }
}
