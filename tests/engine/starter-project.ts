import { Simulation } from "../simulator/testing/simulation.ts";
import { SimulatedHetznerApi } from "../simulator/testing/hetzner-api.ts";

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

/** One step of a plan. */
export interface PlannedStep {
  readonly op: string;
  readonly urn: string;
  readonly newState?: { readonly inputs?: Record<string, unknown>; readonly type: string; readonly protect?: boolean };
}

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
  async up(...args: string[]): Promise<string> {
    const { code, output } = await this.simulation.project.up(...args);
    if (code !== 0) throw new Error(output);
    return output;
  }

  /** What the next up would do, unchanged resources left out; throws when the plan is refused. */
  async plan(): Promise<PlannedStep[]> {
    const { code, output } = await this.simulation.project.run("preview", "--json");
    const start = output.indexOf("\n{\n");
    if (code !== 0 || start < 0) throw new Error(output);
    const { steps = [] } = JSON.parse(output.slice(start, output.lastIndexOf("\n}") + 2)) as { steps?: PlannedStep[] };
    return steps.filter(({ op }) => op !== "same");
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
