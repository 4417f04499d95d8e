import { Simulation } from "../simulator/testing/simulation.ts";
import { SimulatedHetznerApi } from "../simulator/testing/hetzner-api.ts";
import { mustUp, plannedSteps, type PlannedStep } from "./steps.ts";

/** Settings of a starter stack at Hetzner with its name at Cloudflare. */
export const atHetzner = {
  edition: "starter",
  installation: "a1b2c3",
  domain: "assistant.fidus.test",
  cloudflareZoneId: "0123456789abcdef0123456789abcdef",
  adminRanges: "203.0.113.0/24,2001:db8::/48",
} as const;

/** Settings of a starter stack on a machine of one's own, for which nothing is bought. */
export const onOwnHost = {
  edition: "starter",
  installation: "a1b2c3",
  environment: "staging",
  provider: "own-host",
  domain: "assistant.fidus.test",
  hostAddress: "192.0.2.10",
  hostKey: `ssh-ed25519 ${"A".repeat(68)}`,
  dnsProvider: "none",
  backupTarget: "none",
} as const;

export const tokens = { cloudflareToken: "c".repeat(40), hcloudToken: "t".repeat(64) } as const;

/** The starter edition on the real engine over simulated clouds. */
export class StarterProject {
  readonly simulation: Simulation;
  readonly api: SimulatedHetznerApi;

  private constructor(simulation: Simulation, api: SimulatedHetznerApi) {
    this.simulation = simulation;
    this.api = api;
  }

  static async create(): Promise<StarterProject> {
    const simulation = await Simulation.create({ ownStacks: true, stack: "shop" });
    const api = await SimulatedHetznerApi.start(simulation.clouds.hcloud);
    simulation.project.env["HCLOUD_ENDPOINT"] = api.endpoint;
    return new StarterProject(simulation, api);
  }

  /** `changes` on top of a stack at Hetzner; undefined removes a key. */
  async atHetzner(changes: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.simulation.project.configure({ ...atHetzner, ...changes }, tokens);
  }

  /** Makes everything; fails with the engine's output. */
  up(...args: string[]): Promise<string> {
    return mustUp(this.simulation.project, ...args);
  }

  /** What the next up would do, unchanged resources left out; throws when the plan is refused. */
  plan(): Promise<PlannedStep[]> {
    return plannedSteps(this.simulation.project);
  }

  async reset(): Promise<void> {
    await this.simulation.reset();
    this.api.calls.length = 0;
    this.api.probes = [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.api[Symbol.asyncDispose]();
    await this.simulation[Symbol.asyncDispose]();
  }
}
