import { createHash } from "node:crypto";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Run } from "./run.ts";
import { versions } from "./versions.ts";

/** The parts that are built with Go. */
export type GoPart = "cli" | "docker";

/** How a part is built; the upstream's release flags, chosen for size. */
export const goRecipes = {
  cli: {
    module: "pulumi",
    target: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    // grpcnotrace keeps dead-code elimination working.
    tags: "osusergo,grpcnotrace",
    // The leading v is part of the stamp: without it the Automation API refuses the CLI.
    stamp: `-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${versions.pulumi}`,
  },
  docker: { module: "docker", target: ".", tags: "no_compose,osusergo,grpcnotrace", stamp: `-X main.version=${versions.docker}` },
} as const satisfies Record<GoPart, { module: string; target: string; tags: string; stamp: string }>;

/** Hash over everything of ours that decides the result: sources, go.sum and flags. */
export async function goInputsDigest(run: Run, part: GoPart): Promise<string> {
  const folder = join(run.sources, "go", goRecipes[part].module);
  const names = (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && /\.go$|^go\.(mod|sum)$/.test(entry.name) && !entry.name.endsWith("_test.go"))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const hash = createHash("sha256").update(JSON.stringify(goRecipes[part]));
  for (const name of names) hash.update(`\0${name.slice(folder.length)}\0`).update(await readFile(name));
  return hash.digest("hex");
}
