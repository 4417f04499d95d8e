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
  const remote = `${registry.replace(/\/+$/, "")}/fidus/${name}@${published.digest}`;
  await docker(["pull", remote], call);
  const label = await docker(["image", "inspect", "--format", '{{index .Config.Labels "fidus.content"}}', remote]);
  if (label.trim() !== published.tag) {
    throw new Error(
      `images.${name}: got content ${label.trim() || "without label"}; needs ${published.tag}. Restore ${digestsFile} of the release.`,
    );
  }
  await docker(["tag", remote, `fidus/${name}:${published.tag}`]);
}

/** Pushes images (a release does) and records their digests in the checkout. Returns what was written. */
export async function publishImages(
  docker: Docker,
  root: string,
  registry: string,
  tags: Readonly<Record<string, string>>,
): Promise<Digests> {
  const digests: Partial<Record<ImageName, Published>> = {};
  for (const name of imageNames) {
    const tag = tags[name];
    if (tag === undefined) continue;
    const remote = `${registry.replace(/\/+$/, "")}/fidus/${name}:${tag}`;
    await docker(["tag", `fidus/${name}:${tag}`, remote]);
    try {
      const printed = await docker(["push", remote]);
      const digest = /digest: (sha256:[0-9a-f]{64})/.exec(printed)?.[1];
      if (digest === undefined) throw new Error(`images.${name}: got no digest from docker push; needs one. Push again.`);
      digests[name] = { tag, digest };
    } finally {
      await docker(["rmi", remote]);
    }
  }
  await writeFile(join(root, digestsFile), `${JSON.stringify(digests, null, 2)}\n`);
  return digests;
}
