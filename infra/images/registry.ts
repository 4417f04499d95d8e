import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Docker, DockerCall } from "./docker-cli.ts";
import { imageNames, type ImageName } from "./images.ts";

/** One published image: which content, and the digest under which the registry holds it. */
export interface Published {
  readonly tag: string;
  readonly digest: string;
}

/** Images of the last release, committed with it; absent names were not published. */
export type Digests = Readonly<Partial<Record<ImageName, Published>>>;

/** Written by a release, read by every pull. */
export const digestsFile = "infra/images/digests.json";

/** The digests of this checkout's release; {} when it has none. Throws an Error naming the first malformed entry. */
export async function readDigests(root: string): Promise<Digests> {
  const text = await readFile(join(root, digestsFile), "utf8").catch(() => "{}");
  const parsed: unknown = JSON.parse(text);
  const digests: Partial<Record<ImageName, Published>> = {};
  for (const [name, value] of Object.entries(parsed as Record<string, Partial<Published> | null>)) {
    const known = imageNames.find((image) => image === name);
    const { tag = "", digest = "" } = value ?? {};
    if (known === undefined || !/^[0-9a-f]{12}$/.test(tag) || !/^sha256:[0-9a-f]{64}$/.test(digest)) {
      throw new Error(
        `${digestsFile} ${name}: got ${JSON.stringify(value)}; needs an image with tag and sha256 digest. git checkout ${digestsFile}`,
      );
    }
    digests[known] = { tag, digest };
  }
  return digests;
}

/**
 * Pulls an image by digest and gives it its local name. Throws when the digest's content is not `tag` (its label says so):
 * an image of other content must never carry our tag.
 */
export async function pullImage(
  docker: Docker,
  registry: string,
  name: ImageName,
  published: Published,
  call: DockerCall = {},
): Promise<void> {
  const remote = `${repositoryOf(registry, name)}@${published.digest}`;
  await docker(["pull", remote], call);
  try {
    const label = await docker(["image", "inspect", "--format", '{{index .Config.Labels "fidus.content"}}', remote]);
    if (label.trim() !== published.tag) {
      throw new Error(
        `images.${name}: got content ${label.trim() || "without label"}; needs ${published.tag}. Restore ${digestsFile} of the release.`,
      );
    }
    await docker(["tag", remote, `fidus/${name}:${published.tag}`]);
  } finally {
    // Our tag is the one name it keeps: what nothing uses can then be removed.
    await docker(["rmi", remote]).catch(() => undefined);
  }
}

/** What a release pushes, and from where. */
export interface PublishArgs {
  readonly docker: Docker;
  /** The checkout whose digests file is written. */
  readonly root: string;
  readonly registry: string;
  /** Images to push, by name, with the tag under which the engine holds them. */
  readonly tags: Tags;
  readonly onPushed?: (name: ImageName, published: Published) => void;
  readonly signal?: AbortSignal | undefined;
}

type Tags = Readonly<Partial<Record<ImageName, string>>>;

/**
 * Pushes images and records their digests in the checkout, to be committed with the release; other images keep the digest that
 * they have. Returns all that is recorded. Nothing is recorded when one push fails.
 */
export async function publishImages({ docker, root, registry, tags, onPushed, signal }: PublishArgs): Promise<Digests> {
  const known = await readDigests(root);
  const pushed: Partial<Record<ImageName, Published>> = {};
  for (const name of imageNames) {
    const tag = tags[name];
    if (tag === undefined) continue;
    pushed[name] = await pushImage(docker, `${repositoryOf(registry, name)}:${tag}`, name, tag, { signal });
    onPushed?.(name, pushed[name]);
  }
  const all = { ...known, ...pushed };
  const digests: Digests = Object.fromEntries(imageNames.filter((name) => all[name]).map((name) => [name, all[name]]));
  await writeFile(join(root, digestsFile), `${JSON.stringify(digests, null, 2)}\n`);
  return digests;
}

async function pushImage(docker: Docker, remote: string, name: ImageName, tag: string, call: DockerCall): Promise<Published> {
  await docker(["tag", `fidus/${name}:${tag}`, remote]);
  try {
    const digest = /digest: (sha256:[0-9a-f]{64})/.exec(await docker(["push", remote], call))?.[1];
    if (digest === undefined) throw new Error(`images.${name}: got no digest from docker push; needs one. Push again.`);
    return { tag, digest };
  } finally {
    await docker(["rmi", remote]).catch(() => undefined);
  }
}

function repositoryOf(registry: string, name: ImageName): string {
  return `${registry.replace(/\/+$/, "")}/fidus/${name}`;
}
