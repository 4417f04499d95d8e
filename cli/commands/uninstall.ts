import { realpath, rm } from "node:fs/promises";
import type { Command } from "commander";
import type { Problem } from "../../infra/core/errors.ts";
import { installationLabel } from "../../infra/core/naming.ts";
import type { Docker } from "../../infra/images/docker-cli.ts";
import { removeImages } from "../../infra/images/list.ts";
import { dockerAt, lines } from "../containers.ts";
import type { CliContext } from "../context.ts";
import { findEngine } from "../docker.ts";
import { pulumiEngine } from "../engine.ts";
import { CliError } from "../errors.ts";
import { prepareToolchain } from "../host-check.ts";
import { listInstallations, type Installation } from "../installation.ts";
import { examples } from "../program.ts";
import { requirePassphrase } from "../passphrase.ts";
import { openSession } from "../session.ts";
import { openStackConfig, readStackConfig, stacksOf, type StackConfigFile } from "../stack-config.ts";
import { withStackLock } from "../stack-lock.ts";
import { configuredStacks } from "../stacks.ts";
import { removeAll } from "./down.ts";

/** `./fidus uninstall`: everything this checkout made, data included, leaves the machine. */
export function register(program: Command, ctx: CliContext): void {
  program
    .command("uninstall")
    .description("remove every stack of this checkout with its data, secrets and state; asks first")
    .option("--caches", "also remove toolchain, models and images, unless another installation uses them", false)
    .addHelpText("after", examples(["./fidus uninstall", "./fidus uninstall --caches --yes"]))
    .action(async ({ caches }: { caches: boolean }) => {
      const found = await findWithoutPassphrase(ctx);
      if (found === null) {
        ctx.printJson({ removed: false });
        return ctx.print("Nothing is installed from this checkout.");
      }
      const { installation, lost } = found;
      const warning = lost ? " Its passphrase is lost; it is removed by its labels." : "";
      if (!(await ctx.confirm(`Remove installation ${installation.id} with all its data for ever?${warning}`))) {
        throw new CliError("nothing was removed", { code: "declined" });
      }
      await refuseDeployed(ctx, installation, lost);
      const engines = lost ? await recordedEngines(ctx, installation) : await removeStacks(ctx, installation);
      await sweep(ctx, installation, engines, caches);
      ctx.printJson({ removed: true, installation: installation.id });
      ctx.print(`Installation ${installation.id} is gone.`);
    });
}

/** The installation, also when its passphrase is lost or another one: leaving must always be possible. */
async function findWithoutPassphrase(
  ctx: CliContext,
): Promise<{ readonly installation: Installation; readonly lost: boolean } | null> {
  try {
    const installation = await ctx.existingInstallation();
    if (installation === null) return null;
    for (const config of await configsOf(ctx, installation)) await requirePassphrase(installation, config);
    return { installation, lost: false };
  } catch (error) {
    if (!(error instanceof CliError) || error.code !== "passphrase-lost") throw error;
    const named = ctx.env["FIDUS_INSTALLATION"] ?? "";
    const checkout = await realpath(ctx.paths.checkout);
    const all = await listInstallations(ctx.paths);
    const installation = all.find((one) => (named === "" ? one.checkout === checkout : one.id === named));
    if (installation === undefined) throw error;
    return { installation, lost: true };
  }
}

async function configsOf(ctx: CliContext, installation: Installation): Promise<StackConfigFile[]> {
  const stacks = await stacksOf(installation, "community");
  return Promise.all(stacks.map((stack) => openStackConfig(ctx.paths, installation, stack, "community")));
}

/** Destroys every stack with its data; returns the engines they were on. */
async function removeStacks(ctx: CliContext, installation: Installation): Promise<Docker[]> {
  const engines = new Map<string, Docker>();
  const here = await stacksOf(installation, "community");
  for (const stack of here) {
    const session = await openSession(ctx, stack);
    engines.set(session.dockerHost, session.docker);
    await withStackLock(installation, stack, () => removeAll(ctx, session));
  }
  return [...engines.values()];
}

/** What runs in a cloud would go on, and cost, without the state that knows it. Throws exit 3. */
async function refuseDeployed(ctx: CliContext, installation: Installation, lost: boolean): Promise<void> {
  const here = await stacksOf(installation, "community");
  const elsewhere = (await configuredStacks(installation)).filter((stack) => !here.includes(stack));
  if (elsewhere.length === 0) return;
  await ctx.progress.step("toolchain", (step) => prepareToolchain(ctx, step));
  const deployed: Problem[] = [];
  for (const stack of elsewhere) {
    const resources = await pulumiEngine(ctx, installation, stack).resources();
    if (resources.length === 0) continue;
    const config = await readStackConfig(installation, stack);
    const fix = lost ? withoutPassphrase(installation) : destroyCommand(stack, config.entries());
    deployed.push({ path: `stack ${stack}`, got: `${resources.length} resources`, rule: "nothing deployed any more", fix });
  }
  if (deployed.length === 0) return;
  throw new CliError("A stack is still deployed, and only its state knows what to remove", {
    exitCode: 3,
    code: "deployed",
    problems: deployed,
  });
}

/** Without the passphrase no destroy can run: the clouds' tokens are encrypted with it. */
function withoutPassphrase({ passphraseFile, folder }: Installation): string {
  return `install -m 600 YOUR-BACKUP ${passphraseFile}; without a backup remove them at the cloud by hand, then: rm -r ${folder}`;
}

/** What the operator runs. A region's cluster refuses to go until an up has told AWS that it may (docs/enterprise.md). */
export function destroyCommand(stack: string, { edition, deletionProtection }: Readonly<Record<string, string>>): string {
  const unlocked = edition !== "enterprise-region" || deletionProtection === "false";
  const first = unlocked ? "" : "pulumi config set deletionProtection false && pulumi up --yes && ";
  return `eval "$(./fidus env ${stack})" && ${first}pulumi destroy --ignore-protect`;
}

/** Removes by label what no state knows, then the installation's folder and, when nobody else needs them, the caches. */
async function sweep(ctx: CliContext, installation: Installation, known: readonly Docker[], caches: boolean): Promise<void> {
  const engines = known.length > 0 ? known : await standardEngine(ctx);
  for (const docker of engines) await removeLabelled(docker, installation.id);
  await rm(installation.folder, { recursive: true, force: true });
  if (!caches) return;
  if ((await listInstallations(ctx.paths)).length > 0) return ctx.notice("  caches stay: another installation uses them");
  for (const docker of engines) await removeImages(docker, []);
  await rm(ctx.paths.cache, { recursive: true, force: true });
}

/** The engines that the stacks were recorded on: the records are no secrets. */
async function recordedEngines(ctx: CliContext, installation: Installation): Promise<Docker[]> {
  const hosts = (await configsOf(ctx, installation)).flatMap((config) => config.entries()["dockerHost"] ?? []);
  return [...new Set(hosts)].map((host) => dockerAt(host, ctx.env));
}

/** The engine that an `up` would find; none when none answers. */
async function standardEngine(ctx: CliContext): Promise<Docker[]> {
  const search = await findEngine({ env: ctx.env, signal: ctx.signal });
  return search.kind === "found" ? [dockerAt(search.engine.host, ctx.env)] : [];
}

/** Whatever bears the installation's label and is not in any state: what interrupted runs left. */
async function removeLabelled(docker: Docker, installation: string): Promise<void> {
  const filter = ["--filter", `label=${installationLabel}=${installation}`];
  const remove = async (list: readonly string[], rm: readonly string[]): Promise<void> => {
    const ids = lines(await docker([...list, "--quiet", ...filter]));
    if (ids.length > 0) await docker([...rm, ...ids]);
  };
  await remove(["ps", "--all"], ["rm", "--force", "--volumes"]);
  await remove(["network", "ls"], ["network", "rm"]);
  await remove(["volume", "ls"], ["volume", "rm"]);
}
