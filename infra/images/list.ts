import type { Docker } from "./docker-cli.ts";
import { imageNames, type ImageName } from "./images.ts";

/** One of our images in an engine. */
export interface ListedImage {
  readonly name: ImageName;
  readonly tag: string;
  readonly id: string;
  /** Unpacked, parents included, bytes. */
  readonly size: number;
  /** When it was built. */
  readonly created: Date;
  /** When its Debian packages were current; null for an image that does not say so. */
  readonly packages: Date | null;
  /** True: it has the content of this checkout. */
  readonly current: boolean;
}

interface InspectedImage {
  readonly Id: string;
  readonly RepoTags: readonly string[] | null;
  readonly Created: string;
  readonly Size: number;
  readonly Config: { readonly Labels: Readonly<Record<string, string>> | null };
}

/** All our images in the engine, in build order, newest first; `currentRefs` are the references this checkout uses. */
export async function listImages(docker: Docker, currentRefs: readonly string[]): Promise<ListedImage[]> {
  const listed = await docker(["image", "ls", "--filter", "label=fidus.image", "--format", "{{.ID}}", "--no-trunc"]);
  const ids = [...new Set(listed.split("\n").filter((id) => id !== ""))];
  if (ids.length === 0) return [];
  const inspected = JSON.parse(await docker(["image", "inspect", ...ids])) as InspectedImage[];
  return inspected
    .flatMap((image) => (image.RepoTags ?? []).flatMap((ref) => listedImage(image, ref, currentRefs)))
    .sort((a, b) => imageNames.indexOf(a.name) - imageNames.indexOf(b.name) || b.created.getTime() - a.created.getTime());
}

function listedImage(image: InspectedImage, ref: string, currentRefs: readonly string[]): ListedImage[] {
  const [repository = "", tag = ""] = ref.split(":");
  const name = imageNames.find((known) => repository === `fidus/${known}`);
  if (name === undefined) return [];
  const packages = image.Config.Labels?.["fidus.packages"];
  return [
    {
      name,
      tag,
      id: image.Id,
      size: image.Size,
      created: new Date(image.Created),
      packages: packages === undefined ? null : new Date(packages),
      current: currentRefs.includes(ref),
    },
  ];
}

/**
 * Removes our images that no container uses; with `keep`, all but those references. Returns the removed references.
 * An image in use is left alone: other installations on the same engine share these names.
 */
export async function removeImages(docker: Docker, keep: readonly string[] = []): Promise<string[]> {
  const removed: string[] = [];
  const images = await listImages(docker, keep);
  const used = new Set((await docker(["ps", "--all", "--no-trunc", "--format", "{{.Image}}"])).split("\n"));
  // Children first: an image is not removed while another is made from it.
  for (const { name, tag, current } of images.reverse()) {
    const ref = `fidus/${name}:${tag}`;
    if (current || used.has(ref)) continue;
    await docker(["rmi", ref]).then(
      () => removed.push(ref),
      () => undefined,
    );
  }
  return removed;
}
