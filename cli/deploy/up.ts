import { neededImages } from "../../infra/images/needed.ts";
import { ownRuntime } from "../../infra/config/own-runtime.ts";
import { parseConfig } from "../../infra/config/parse.ts";
import { throwIfAny } from "../../infra/core/errors.ts";
import { findModel } from "../../infra/core/models.ts";
import type { Docker } from "../../infra/images/docker-cli.ts";
import { appAdmin, type Credentials } from "../app-admin.ts";
import { hostFreeMemory, loopbackPortTaken, recordChoices, type Choice, type ChoiceOptions } from "../choices.ts";
import { dockerAt, foreignContainers } from "../containers.ts";
import type { CliContext } from "../context.ts";
import type { Engine } from "../docker.ts";
import { pulumiEngine, type Changes } from "../engine.ts";
import { cannotGoOn } from "../errors.ts";
import { portWishes, prepareToolchain, requireFitHost } from "../host-check.ts";
import type { Installation } from "../installation.ts";
import { removeLeftovers, settleEngineLocks } from "../leftovers.ts";
import { prove, type Proof } from "../proof.ts";
import { requirePublished } from "../registry-choice.ts";
import { openStackConfig, type StackConfigFile } from "../stack-config.ts";
import { withStackLock } from "../stack-lock.ts";
import { checkKnownStack } from "../stacks.ts";
import { awaitCertificate, reachOf } from "./certificate.ts";
import { runUp } from "./engine-run.ts";
import { prepareImages, prepareModel } from "./parts.ts";
import { prepareEngine } from "./host.ts";
import { sideBySide } from "./side-by-side.ts";

export interface UpOptions extends ChoiceOptions {
  /** E-mail of the first administrator. @default admin@fidus.local */
  readonly email?: string;
}

/** What a finished `up` tells. */
export interface UpResult {
  readonly stack: string;
  readonly url: string;
  readonly apiUrl: string;
  readonly healthUrl: string;
  readonly choices: readonly Choice[];
  readonly changes: Changes;
  readonly model: string;
  readonly runtime: string;
  readonly demo: boolean;
  /** Only when this run made the first administrator. */
  readonly admin: Credentials | null;
  readonly proof: Proof | null;
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
  const { progress } = ctx;
  if (options.registry) await requirePublished(ctx.paths.checkout, options.registry);
  const config = await openStackConfig(ctx.paths, installation, stack, "community");
  const host = await prepareEngine(ctx, config);
  const docker = dockerAt(host.host, ctx.env);
  const choices = await choose(config, installation, options, host);
  for (const { key, value, because } of choices) ctx.notice(`  ${key}: ${value} (${because})`);
  validated(config);
  await requireFitHost(ctx, host, installation.id, portWishes(config));
  // Only now: what this host refuses must not be what the next plain `up` finds recorded.
  await config.save();
  await refuseForeign(docker, installation, stack);
  const images = neededImages(validated(config));
  const choseModel = choices.some(({ key }) => key === "model") && (options.model ?? "auto") === "auto";
  // Each waits for something else most of the time: the processor, the model hub, the package registries.
  await sideBySide(ctx.signal, [
    (signal) => progress.step("toolchain", (step) => prepareToolchain({ ...ctx, signal }, step)),
    (signal) => progress.step("model", (step) => prepareModel({ ...ctx, signal }, config, choseModel, step)),
    (signal) => progress.step("images", (step) => prepareImages({ ...ctx, signal }, docker, config, images, step)),
  ]);
  const settings = validated(config);
  const engine = pulumiEngine(ctx, installation, stack);
  const changes = await progress.step("stack", async (step) => {
    await settleEngineLocks(installation, stack, { signal: ctx.signal, update: step.update });
    await engine.ensureStack(config);
    const known = await engine.resources();
    const removed = await removeLeftovers(docker, installation.id, stack, known);
    if (removed.length > 0) ctx.notice(`  removed what an interrupted run left: ${removed.join(", ")}`);
    return runUp(engine, docker, { installation: installation.id, stack, known }, step);
  });
  const outputs = (await engine.outputs()) ?? {};
  const result = {
    stack,
    url: String(outputs["url"]),
    apiUrl: String(outputs["apiUrl"]),
    healthUrl: String(outputs["healthUrl"]),
    choices,
    changes,
    model: settings.model,
    runtime: settings.llmRuntime,
    demo: ownRuntime(settings.llmRuntime, settings.llmBaseUrl).model && findModel(settings.model)?.demo === true,
  };
  const container = outputs["apiContainer"];
  if (typeof container !== "string") return { ...result, admin: null, proof: null };
  const admin = await progress.step("administrator", (step) =>
    firstAdmin(docker, container, options.email ?? "admin@fidus.local", step.skip),
  );
  // Shown before anything else can fail: it is kept nowhere.
  if (admin !== null) onAdmin(admin);
  const reach = await reachOf(docker, { installation: installation.id, stack }, result.url, settings);
  if (settings.domain !== null && settings.certificate === "acme")
    await progress.step("certificate", (step) =>
      awaitCertificate(ctx, docker, { installation: installation.id, stack }, reach, step),
    );
  const proof = await progress.step("test question", () =>
    prove(appAdmin(docker, container), { reach, model: settings.model, signal: ctx.signal }),
  );
  return { ...result, admin, proof };
}

async function choose(
  config: StackConfigFile,
  installation: Installation,
  options: ChoiceOptions,
  engine: Engine,
): Promise<Choice[]> {
  return recordChoices(config, installation.id, options, {
    dockerHost: engine.host,
    dockerMajor: Number.parseInt(engine.version, 10) || 20,
    freeMemory: hostFreeMemory(),
    portTaken: loopbackPortTaken,
  });
}

/** The settings, checked before the engine starts: every problem at once. Images are recorded later. */
function validated(config: StackConfigFile): ReturnType<typeof parseConfig<"community">>["values"] {
  const { values, problems } = parseConfig("community", { images: "{}", ...config.entries() }, config.secrets());
  throwIfAny(config.file, problems);
  return values;
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
      fix: `docker rename ${name} ${name}-old`,
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
