import { SimulatedHetznerApi } from "../simulator/testing/hetzner-api.ts";
import { Simulation } from "../simulator/testing/simulation.ts";
import { mustUp, plannedSteps, type PlannedStep } from "./steps.ts";

type Settings = Readonly<Record<string, string>>;

/** A stack of the checkout's own program at Hetzner, on the real engine over simulated clouds. */
export class HetznerProject {
  readonly simulation: Simulation;
  readonly api: SimulatedHetznerApi;
  readonly #settings: Settings;
  readonly #secrets: Settings;

  private constructor(simulation: Simulation, api: SimulatedHetznerApi, settings: Settings, secrets: Settings) {
    this.simulation = simulation;
    this.api = api;
    this.#settings = settings;
    this.#secrets = secrets;
  }

  /** With the settings and secrets that `atHetzner` sets. */
  static async create(settings: Settings, secrets: Settings): Promise<HetznerProject> {
    const simulation = await Simulation.create({ ownStacks: true, stack: "shop" });
    const api = await SimulatedHetznerApi.start(simulation.clouds.hcloud);
    simulation.project.env["HCLOUD_ENDPOINT"] = api.endpoint;
    return new HetznerProject(simulation, api, settings, secrets);
  }

  /** Configures a stack at Hetzner with `changes` on top. */
  async atHetzner(changes: Settings = {}): Promise<void> {
    await this.simulation.project.configure({ ...this.#settings, ...changes }, this.#secrets);
  }

  /** Makes everything; fails with the engine's output. */
  up(...args: string[]): Promise<string> {
    return mustUp(this.simulation.project, ...args);
  }

  /** What the next up would do, unchanged resources left out; throws when the plan is refused. */
  plan(): Promise<readonly PlannedStep[]> {
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
