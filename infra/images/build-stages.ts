import type { Docker } from "./docker-cli.ts";

/**
 * Build stages of the classic builder stay behind as images without a name, with everything that only the build should see.
 * They carry the build's own label, so exactly they are removed, and `roots`, imported for this build alone. BuildKit leaves none.
 */
export async function removeStages(docker: Docker, buildId: string, roots: readonly string[]): Promise<void> {
  const listed = await docker([
    "image",
    "ls",
    "--quiet",
    "--filter",
    "dangling=true",
    "--filter",
    `label=fidus.build=${buildId}`,
  ]);
  const ids = [...listedIds(listed), ...roots];
  if (ids.length > 0) await docker(["rmi", ...ids]).catch(() => undefined);
}

/** Removes what killed builds left in the engine. An hour old at least: another cache folder's build may be at work now. */
export async function sweepStages(docker: Docker): Promise<void> {
  const listed = await docker(["image", "ls", "--quiet", "--no-trunc", "--filter", "label=fidus.build"]);
  const ids = listedIds(listed);
  if (ids.length === 0) return;
  const inspected = JSON.parse(await docker(["image", "inspect", ...ids])) as { Id: string; Created: string }[];
  const old = inspected.filter(({ Created }) => Date.parse(Created) < Date.now() - 3_600_000).map(({ Id }) => Id);
  if (old.length > 0) await docker(["rmi", "--force", ...old]).catch(() => undefined);
}

function listedIds(listed: string): string[] {
  return [...new Set(listed.split("\n").filter((id) => id !== ""))];
}
