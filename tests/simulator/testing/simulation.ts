import { rm } from "node:fs/promises";
import { join } from "node:path";
import { EngineProject, sdkVersion, type EngineProjectOptions } from "../../../toolchain/providers/testing/engine.ts";
import type { Cloud } from "../cloud/cloud.ts";
import type { Thing } from "../cloud/store.ts";
import { folderVariable, openCloud } from "../plugin.ts";
import { packageNames, type PackageName } from "../schema/wanted.ts";

const plugin = join(import.meta.dirname, "../plugin.ts");

/** A project of the real engine whose clouds are simulated. */
export class Simulation {
  readonly project: EngineProject;
  readonly clouds: Readonly<Record<PackageName, Cloud>>;
  readonly #folder: string;

  private constructor(project: EngineProject, folder: string) {
    this.project = project;
    this.#folder = folder;
    const open = packageNames.map((name) => [name, openCloud(name, folder)]);
    this.clouds = Object.fromEntries(open) as Record<PackageName, Cloud>;
  }

  /** Empty clouds and an empty stack; `await using` removes both. */
  static async create(options: EngineProjectOptions = {}): Promise<Simulation> {
    const plugins = await Promise.all(
      packageNames.map(async (name) => {
        const program = [plugin, `--package=${name}`];
        return [name, { version: await sdkVersion(name, options.checkout), program }] as const;
      }),
    );
    const project = await EngineProject.create({ ...options, plugins: Object.fromEntries(plugins) });
    const folder = join(project.directory, "clouds");
    project.env[folderVariable] = folder;
    return new Simulation(project, folder);
  }

  /** Everything that exists in any of the clouds. */
  get things(): Thing[] {
    return packageNames.flatMap((name) => this.clouds[name].store.all());
  }

  /** Logical names of what exists, sorted. */
  get inventory(): string[] {
    return this.things.map(({ type, name }) => `${type.split(":")[2] ?? type} ${name}`).sort();
  }

  /** Empties stack and clouds, and forgets faults and operations. */
  async reset(): Promise<void> {
    await this.project.reset();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** Forgets the operations so far: counting begins anew. */
  async forgetOperations(): Promise<void> {
    await rm(join(this.#folder, "operations"), { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.project[Symbol.asyncDispose]();
  }
}
