import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { startCli, type Ended, type Running } from "../../cli/testing.ts";
import { secretNames } from "../../infra/config/testing.ts";
import { versions } from "../../toolchain/index.ts";
import type { Cloud } from "../simulator/cloud/cloud.ts";
import { folderVariable, openCloud } from "../simulator/plugin.ts";
import type { PackageName } from "../simulator/schema/wanted.ts";
import { SimulatedHetznerApi } from "../simulator/testing/hetzner-api.ts";

type Settings = Readonly<Record<string, string>>;

const shared = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "fidus/toolchain");
const checkout = join(import.meta.dirname, "../..");

/** A user's home with an engine of its own, for `./fidus` as it is: the clouds are simulated, as plugins of that engine. */
export class CloudHome implements AsyncDisposable {
  readonly folder: string;
  readonly clouds: Readonly<Record<PackageName, Cloud>>;
  readonly api: SimulatedHetznerApi;
  readonly #exported: Record<string, Settings> = {};

  private constructor(folder: string, clouds: Readonly<Record<PackageName, Cloud>>, api: SimulatedHetznerApi) {
    this.folder = folder;
    this.clouds = clouds;
    this.api = api;
  }

  static async create(...names: readonly PackageName[]): Promise<CloudHome> {
    const folder = mkdtempSync(join(tmpdir(), "fidus-up-clouds-"));
    const open = (["hcloud", "cloudflare", "aws"] as const).map(
      (name) => [name, openCloud(name, join(folder, "clouds"))] as const,
    );
    const clouds = Object.fromEntries(open) as Record<PackageName, Cloud>;
    await installEngine(folder, names);
    return new CloudHome(folder, clouds, await SimulatedHetznerApi.start(clouds.hcloud));
  }

  get env(): Settings {
    return { [folderVariable]: join(this.folder, "clouds"), HCLOUD_ENDPOINT: this.api.endpoint };
  }

  start(args: readonly string[], env: Settings = {}): Running {
    return startCli(this.folder, args, { ...this.env, ...env });
  }

  fidus(...args: readonly string[]): Promise<Ended> {
    return this.start(args).ended;
  }

  /** The output of a command that must succeed. */
  async must(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.fidus(...args);
    if (code !== 0) throw new Error(`./fidus ${args.join(" ")} ended with ${code}:\n${stdout}\n${stderr}`);
    return stdout;
  }

  /** Sets keys of a stack, all by one call of the engine; those by the commands that Fidus names are another test's (cli/init.engine.test.ts). */
  async configure(stack: string, settings: Settings): Promise<void> {
    const set = Object.entries(settings).filter(([key]) => !["edition", "installation"].includes(key));
    const pairs = set.flatMap(([key, value]) => [secretNames.has(key) ? "--secret" : "--plaintext", `${key}=${value}`]);
    await this.pulumi(stack, ["config", "set-all", ...pairs]);
  }

  /** The engine itself, in the environment that Fidus names for it. */
  async pulumi(stack: string, args: readonly string[]): Promise<void> {
    const exported = (this.#exported[stack] ??= JSON.parse(await this.must("env", stack, "--json")) as Settings);
    const env = { ...exported, ...this.env, HOME: this.folder };
    await execa("pulumi", [...args, "--stack", stack], { cwd: checkout, env, extendEnv: false, stdin: "ignore" });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.api[Symbol.asyncDispose]();
    if (process.env["KEEP"] === undefined) rmSync(this.folder, { recursive: true, force: true });
  }
}

/**
 * The real engine, and simulated clouds as plugins of the user's own engine. The toolchain is its own: the simulated plugins must
 * never be found in the shared one.
 */
async function installEngine(home: string, clouds: readonly PackageName[]): Promise<void> {
  const own = join(home, "cache/fidus/toolchain");
  mkdirSync(own, { recursive: true });
  const parts = ["bin", "markers", "pulumi-home", "stand-ins"].map((name) => join(shared, name));
  await execa("cp", ["-al", ...parts, own]).catch(() => execa("cp", ["-a", ...parts, own]));
  for (const name of clouds) {
    const plugin = join(home, `.pulumi/plugins/resource-${name}-v${versions[name]}/pulumi-resource-${name}`);
    mkdirSync(dirname(plugin), { recursive: true });
    const program = join(checkout, "tests/simulator/plugin.ts");
    writeFileSync(plugin, `#!/bin/sh\nexec "${process.execPath}" "${program}" --package=${name} "$@"\n`);
    chmodSync(plugin, 0o755);
  }
}
