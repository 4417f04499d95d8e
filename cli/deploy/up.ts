import { ownRuntime } from "../../infra/config/own-runtime.ts";
import { loopback } from "../../infra/config/published-ports.ts";
import { findModel } from "../../infra/core/models.ts";
import type { Docker } from "../../infra/images/docker-cli.ts";
import { neededImages } from "../../infra/images/needed.ts";
import { appAdmin, type Credentials } from "../app-admin.ts";
import type { ChoiceFlags } from "../choice-flags.ts";
import type { Choice } from "../choices.ts";
import { dockerAt, foreignContainers } from "../containers.ts";
import type { CliContext } from "../context.ts";
import { pulumiEngine } from "../engine.ts";
import type { Changes } from "../engine-events.ts";
import { cannotGoOn } from "../errors.ts";
import { demandsOf, prepareToolchain, requirePortsThere } from "../host-check.ts";
import type { Installation } from "../installation.ts";
import { removeLeftovers, settleEngineLocks } from "../leftovers.ts";
import { prove, type Proof } from "../proof.ts";
import { checkedSettings, type Settings } from "../settings.ts";
import { openStackConfig, type StackConfigFile } from "../stack-config.ts";
import { tunnelCommand } from "../ssh-tunnel.ts";
import { withStackLock } from "../stack-lock.ts";
import { checkKnownStack } from "../stacks.ts";
import { awaitCertificate, reachOf } from "./certificate.ts";
import { whileEngineLives } from "./engine-gone.ts";
import { runUp } from "./engine-run.ts";
import { prepareImages, prepareModel } from "./parts.ts";
import { settlePlace, type Place } from "./place.ts";
import { sideBySide } from "./side-by-side.ts";

export interface UpOptions extends ChoiceFlags {
  /** E-mail of the first administrator. @default admin@fidus.local */
  readonly email?: string;
}

/** What a finished `up` tells. */
export interface UpResult {
  readonly stack: string;
  /** null where the application does not run in the stack, as the next two. */
  readonly url: string | null;
  readonly apiUrl: string | null;
  readonly healthUrl: string | null;
  /** Where the stores answer on the engine's machine; null while only the application reaches them. */
  readonly stores: { readonly postgres: string; readonly redis: string } | null;
  readonly choices: readonly Choice[];
  readonly changes: Changes;
  readonly model: string;
  readonly runtime: string;
  readonly demo: boolean;
  /** Only when this run made the first administrator. */
  readonly admin: Credentials | null;
  readonly proof: Proof | null;
  /** Command that brings the ports here, where they are published on the loopback of a machine reached over SSH; else null. */
  readonly tunnel: string | null;
}

/** Brings a community stack up, from nothing or from any state an interrupted run left, and proves that it answers. */
export async function up(
  ctx: CliContext,
  name: string,
  options: UpOptions,
  onAdmin: (admin: Credentials) => void,
): Promise<UpResult> {
  const installation = await ctx.installation();
  const stack = await checkKnownStack(installation, name);
  return withStackLock(installation, stack, () => bringUp(ctx, installation, stack, options, onAdmin));
}

async function bringUp(
  ctx: CliContext,
  installation: Installation,
  stack: string,
  options: UpOptions,
  onAdmin: (admin: Credentials) => void,
): Promise<UpResult> {
  const config = await openStackConfig(ctx.paths, installation, stack, "community");
  const place = await settlePlace(ctx, installation, config, options);
  const work = { ctx, installation, stack, config, place, docker: dockerAt(place.engine.host, ctx.env) };
  return whileEngineLives(ctx, place.engine, stack, async () => {
    const deployed = await deploy(work);
    return finish(work, deployed, options.email ?? "admin@fidus.local", onAdmin);
  });
}

/** What the steps of an `up` share once its place is settled. */
interface Work {
  readonly ctx: CliContext;
  readonly installation: Installation;
  readonly stack: string;
  readonly config: StackConfigFile;
  readonly place: Place;
  readonly docker: Docker;
}

interface Deployed {
  readonly changes: Changes;
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly settings: Settings;
}

/** Parts, images, resources. */
async function deploy({ ctx, installation, stack, config, place, docker }: Work): Promise<Deployed> {
  const { progress } = ctx;
  await refuseForeign(docker, installation, stack);
  const images = neededImages(checkedSettings(config));
  // Each waits for something else most of the time: the processor, the model hub, the package registries.
  await sideBySide(ctx.signal, [
    (signal) => progress.step("toolchain", (step) => prepareToolchain({ ...ctx, signal }, step)),
    (signal) => progress.step("model", (step) => prepareModel({ ...ctx, signal }, config, place.modelIsOurs, step)),
    (signal) => progress.step("images", (step) => prepareImages({ ...ctx, signal }, docker, config, images, step)),
  ]);
  const settings = checkedSettings(config);
  const probe = { image: settings.images["base"] ?? "", installation: installation.id };
  await requirePortsThere(docker, place.measured, demandsOf(settings), probe);
  const engine = pulumiEngine(ctx, installation, stack);
  const changes = await progress.step("stack", async (step) => {
    await settleEngineLocks(installation, stack, { signal: ctx.signal, update: step.update });
    await engine.ensureStack(config);
    const known = await engine.resources();
    const removed = await removeLeftovers(docker, installation.id, stack, known);
    if (removed.length > 0) ctx.notice(`  removed what an interrupted run left: ${removed.join(", ")}`);
    return runUp(engine, docker, { installation: installation.id, stack, known }, step);
  });
  return { changes, outputs: (await engine.outputs()) ?? {}, settings };
}

/** The first administrator, the certificate, and the proof that it answers. */
async function finish(
  { ctx, installation, stack, place: { choices }, docker }: Work,
  { changes, outputs, settings }: Deployed,
  email: string,
  onAdmin: (admin: Credentials) => void,
): Promise<UpResult> {
  const { progress } = ctx;
  const alone = settings.services === "dependencies";
  const result = {
    stack,
    url: textOr(outputs["url"]),
    apiUrl: textOr(outputs["apiUrl"]),
    healthUrl: textOr(outputs["healthUrl"]),
    stores: alone ? storeAddresses(settings) : null,
    choices,
    changes,
    model: settings.model,
    runtime: settings.llmRuntime,
    demo: !alone && ownRuntime(settings.llmRuntime, settings.llmBaseUrl).model && findModel(settings.model)?.demo === true,
    tunnel: tunnelCommand(settings),
  };
  const container = outputs["apiContainer"];
  if (typeof container !== "string" || result.url === null) return { ...result, admin: null, proof: null };
  const admin = await progress.step("administrator", (step) => firstAdmin(docker, container, email, step.skip));
  // Shown before anything else can fail: it is kept nowhere.
  if (admin !== null) onAdmin(admin);
  const identity = { installation: installation.id, stack };
  const reach = await reachOf(docker, identity, result.url, settings, ctx.env);
  if (settings.domain !== null && settings.certificate === "acme")
    await progress.step("certificate", (step) => awaitCertificate(ctx, docker, identity, reach, step));
  const proof = await progress.step("test question", () =>
    prove(appAdmin(docker, container), { reach, model: settings.model, signal: ctx.signal }),
  );
  return { ...result, admin, proof };
}

function textOr(output: unknown): string | null {
  return typeof output === "string" ? output : null;
}

function storeAddresses({ postgresPort, redisPort }: Settings): UpResult["stores"] {
  return { postgres: `${loopback}:${postgresPort}`, redis: `${loopback}:${redisPort}` };
}

async function refuseForeign(docker: Docker, installation: Installation, stack: string): Promise<void> {
  const names = await foreignContainers(docker, installation.id, stack);
  if (names.length === 0) return;
  throw cannotGoOn(
    "Containers with this stack's names are not ours; they were not touched",
    names.map((name) => ({
      path: "container",
      got: name,
      rule: `the label fidus.installation=${installation.id}`,
      fix: `docker rename ${name} old-${name}`,
    })),
  );
}

async function firstAdmin(
  docker: Docker,
  container: string,
  email: string,
  skip: (reason: string) => void,
): Promise<Credentials | null> {
  const admin = appAdmin(docker, container);
  if ((await admin.admins()) === 0) return admin.create(email);
  skip("there is one");
  return null;
}
