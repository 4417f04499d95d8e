import { randomBytes } from "node:crypto";
import { appendFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { buildFailure } from "./build-failure.ts";
import { withBuildLock } from "./build-lock.ts";
import { removeStages, sweepStages } from "./build-stages.ts";
import type { Docker, DockerCall } from "./docker-cli.ts";
import { readHostSettings, writeHostFolder, type HostSettings } from "./host-settings.ts";
import { imageNames, imageSet, withParents, type ImageName } from "./images.ts";
import { newContext, prepareContext } from "./prepare.ts";
import { pullImage, readDigests, type Digests } from "./registry.ts";
import { rootFilesystem, vendorImage, vendorSources, type RootFilesystem } from "./root-filesystem.ts";
import { contentTag, type TagInputs } from "./tags.ts";

/** What happens to one image; `waiting` has no image: another run of ours builds at this moment. */
export type ImageEvent =
  | { readonly kind: "waiting" }
  | {
      readonly kind: "started";
      readonly image: ImageName;
      readonly how: "pull" | "build";
      readonly step: number;
      readonly steps: number;
    }
  | { readonly kind: "output"; readonly image: ImageName; readonly line: string }
  | { readonly kind: "note"; readonly image: ImageName; readonly text: string }
  | { readonly kind: "finished"; readonly image: ImageName; readonly how: "pull" | "build"; readonly milliseconds: number };

export interface EnsureImagesArgs extends TagInputs {
  readonly docker: Docker;
  /** Images wanted; those they are made from are added when a build needs them. */
  readonly names: readonly ImageName[];
  /** Recorded choice: pull by digest and build what cannot be pulled, or build all. */
  readonly source: "build" | "registry";
  /** Host and optional path prefix; required for source "registry". */
  readonly registry?: string;
  /** Our cache folder: staging of builds and the lock between runs. */
  readonly cache: string;
  /** Environment of npm, apt and pip settings. @default process.env */
  readonly env?: NodeJS.ProcessEnv;
  /** Where this machine's registries are. @default read from its apt and pip */
  readonly settings?: HostSettings;
  readonly log?: (event: ImageEvent) => void;
  readonly signal?: AbortSignal;
}

/** How one wanted image came to be in the engine. */
export interface EnsuredImage {
  readonly name: ImageName;
  readonly tag: string;
  /** `fidus/name:tag` */
  readonly ref: string;
  readonly how: "present" | "pulled" | "built";
}

/**
 * Makes the engine hold every wanted image with the content of this checkout. What is there already is left alone, and then
 * nothing but one call to the engine happens. Safe to run twice at once, and to be killed at any point: a tag appears only
 * when its image is whole. Throws an ImageError with the last lines of the step that failed.
 */
export async function ensureImages(args: EnsureImagesArgs): Promise<EnsuredImage[]> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ensureOnce({ ...args, tags: currentTags(args) });
    } catch (error) {
      if (!(error instanceof CheckoutChangedError) || attempt === 3) throw error;
      args.log?.({ kind: "note", image: error.image, text: "its sources changed during the build: once more" });
    }
  }
}

/** Somebody edited an image's sources while it was being built: what was built is not what its tag would say. */
class CheckoutChangedError extends Error {
  readonly image: ImageName;

  constructor(image: ImageName) {
    super(`images.${image}: got sources that changed during the build; needs them unchanged. Run the command again.`);
    this.name = "CheckoutChangedError";
    this.image = image;
  }
}

/** One attempt: all tags are those of the sources as they were at its beginning. */
interface Run extends EnsureImagesArgs {
  readonly tags: Readonly<Record<ImageName, string>>;
}

function currentTags(inputs: TagInputs): Record<ImageName, string> {
  return Object.fromEntries(imageNames.map((name) => [name, contentTag(name, inputs)])) as Record<ImageName, string>;
}

async function ensureOnce(run: Run): Promise<EnsuredImage[]> {
  const first = await missingImages(run, run.names);
  if (first.length === 0) return run.names.map((name) => ensured(run, name, "present"));
  return withBuildLock(run.cache, { onWait: () => run.log?.({ kind: "waiting" }), signal: run.signal }, async (folder) => {
    const how = new Map<ImageName, EnsuredImage["how"]>();
    // Another run may have built them while this one waited.
    const pulled = run.source === "registry" ? await pullWhatIsPublished(run, await missingImages(run, run.names)) : [];
    for (const name of pulled) how.set(name, "pulled");
    const wanted = await missingImages(run, run.names);
    if (wanted.length > 0) {
      const needed = await missingImages(run, withParents(wanted));
      for (const name of await buildImages(run, folder, needed)) how.set(name, "built");
    }
    return run.names.map((name) => ensured(run, name, how.get(name) ?? "present"));
  });
}

function ensured({ tags }: Run, name: ImageName, how: EnsuredImage["how"]): EnsuredImage {
  return { name, tag: tags[name], ref: `fidus/${name}:${tags[name]}`, how };
}

/** Those of `names` whose content the engine lacks. */
async function missingImages(run: Run, names: readonly ImageName[]): Promise<ImageName[]> {
  const listed = await run.docker(["image", "ls", "--filter", "label=fidus.image", "--format", "{{.Repository}}:{{.Tag}}"]);
  const present = new Set(listed.split("\n"));
  return names.filter((name) => !present.has(ensured(run, name, "present").ref));
}

async function pullWhatIsPublished(args: Run, names: readonly ImageName[]): Promise<ImageName[]> {
  const { registry, root, log, signal } = args;
  if (registry === undefined)
    throw new Error("images.registry: got nothing; needs a host for source registry. ./fidus choose --registry HOST");
  const digests = await readDigests(root);
  const pulled: ImageName[] = [];
  for (const [index, name] of names.entries()) {
    const reason = await pullOne(args, registry, digests, name, { step: index + 1, steps: names.length }, { signal });
    if (reason === null) pulled.push(name);
    else log?.({ kind: "note", image: name, text: `not pulled: ${reason}; building it` });
  }
  return pulled;
}

/** null when pulled, else the reason why not. */
async function pullOne(
  { docker, log, tags }: Run,
  registry: string,
  digests: Digests,
  name: ImageName,
  progress: { readonly step: number; readonly steps: number },
  call: DockerCall,
): Promise<string | null> {
  const published = digests[name];
  if (published === undefined) return "this release published no such image";
  if (published.tag !== tags[name]) return "the checkout differs from the published release";
  const start = performance.now();
  log?.({ kind: "started", image: name, how: "pull", ...progress });
  try {
    await pullImage(docker, registry, name, published, {
      ...call,
      onLine: (line) => log?.({ kind: "output", image: name, line }),
    });
  } catch (error) {
    if (call.signal?.aborted) throw error;
    return error instanceof Error ? (error.message.split("\n").at(-1) ?? error.message) : String(error);
  }
  log?.({ kind: "finished", image: name, how: "pull", milliseconds: performance.now() - start });
  return null;
}

async function buildImages(args: Run, folder: string, names: readonly ImageName[]): Promise<readonly ImageName[]> {
  const { docker, env = process.env, log } = args;
  const engine = await engineArchitecture(docker);
  await sweepStages(docker).catch(() => undefined);
  const settings = args.settings ?? (await readHostSettings(env));
  for (const [index, name] of names.entries()) {
    const start = performance.now();
    log?.({ kind: "started", image: name, how: "build", step: index + 1, steps: names.length });
    try {
      await buildImage({ ...args, env, folder, settings, engine, name });
    } catch (error) {
      if (error instanceof CheckoutChangedError || args.signal?.aborted === true) throw error;
      throw buildFailure(name, error);
    }
    log?.({ kind: "finished", image: name, how: "build", milliseconds: performance.now() - start });
  }
  return names;
}

interface BuildArgs extends Run {
  readonly env: NodeJS.ProcessEnv;
  readonly folder: string;
  readonly settings: HostSettings;
  readonly engine: EngineArchitecture;
  readonly name: ImageName;
}

async function buildImage(args: BuildArgs): Promise<void> {
  const { docker, name, root, folder, settings, engine, env, log, signal } = args;
  const onLine = (line: string) => log?.({ kind: "output", image: name, line });
  const buildId = randomBytes(8).toString("hex");
  const context = await newContext(folder, name);
  const parent = imageSet[name].parent;
  let rootImage: RootFilesystem | null = null;
  try {
    await prepareContext(name, { root, context, cpu: engine.cpu, env, onLine, signal });
    if (contentTag(name, args) !== args.tags[name]) throw new CheckoutChangedError(name);
    if (parent === null) {
      rootImage = await rootFilesystem({ docker, settings, architecture: engine.debian, folder, buildId, env, onLine, signal });
      if (rootImage.source.kind === "pulled") log?.({ kind: "note", image: name, text: `unpinned: ${rootImage.source.digest}` });
    }
    const sources = rootImage?.sources ?? (await stageSources(docker, settings));
    await writeHostFolder(context, { ...settings, sources }, join(root, "infra/images/build-stage"));
    const from =
      rootImage === null && parent !== null ? ["BASE", ensured(args, parent, "present").ref] : ["ROOTFS", rootImage?.image ?? ""];
    await appendFile(join(context, "Dockerfile"), labelInstruction(args, rootImage));
    await docker(dockerBuild(args, context, buildId, from.join("=")), { onLine, signal });
  } finally {
    await rm(context, { recursive: true, force: true });
    await removeStages(docker, buildId, rootImage?.temporary === true ? [rootImage.image] : []);
  }
}

/** Arguments of one `docker build`; valid for the classic builder and for BuildKit. */
function dockerBuild(args: BuildArgs, context: string, buildId: string, from: string): string[] {
  const { refreshed } = args;
  const { ref } = ensured(args, args.name, "present");
  const values = [from, `BUILD_ID=${buildId}`].flatMap((value) => ["--build-arg", value]);
  return ["build", "--force-rm", ...(refreshed === undefined ? [] : ["--no-cache"]), ...values, "--tag", ref, context];
}

/** The final stage's labels as one instruction: classic builders make a layer of each `--label`. */
function labelInstruction(args: BuildArgs, rootImage: RootFilesystem | null): string {
  const { name, refreshed } = args;
  const tag = args.tags[name];
  const now = new Date().toISOString();
  const labels = {
    "fidus.image": name,
    "fidus.content": tag,
    "fidus.packages": now,
    ...(refreshed === undefined ? {} : { "fidus.refreshed": refreshed }),
    ...(rootImage?.source.kind === "pulled" ? { "fidus.root": rootImage.source.digest } : {}),
    "org.opencontainers.image.title": `Fidus ${name}: ${imageSet[name].about}`,
    "org.opencontainers.image.revision": tag,
    "org.opencontainers.image.licenses": "Apache-2.0",
    "org.opencontainers.image.created": now,
  };
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return `\nLABEL ${pairs.join(" ")}\n`;
}

/** Debian sources for a stage that starts from our base image, which has none; asked of Debian's image if this machine has none. */
async function stageSources(docker: Docker, settings: HostSettings): Promise<readonly string[]> {
  if (settings.sources.length > 0) return settings.sources;
  return vendorSources(docker, vendorImage);
}

interface EngineArchitecture {
  readonly cpu: "x64" | "arm64";
  readonly debian: "amd64" | "arm64";
}

async function engineArchitecture(docker: Docker): Promise<EngineArchitecture> {
  const [os, arch] = (await docker(["version", "--format", "{{.Server.Os}} {{.Server.Arch}}"])).trim().split(" ");
  if (os !== "linux" || (arch !== "amd64" && arch !== "arm64")) {
    throw new Error(`docker engine: got ${os}/${arch}; needs linux/amd64 or linux/arm64. Point DOCKER_HOST to such an engine.`);
  }
  return { cpu: arch === "amd64" ? "x64" : "arm64", debian: arch };
}
