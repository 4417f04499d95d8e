import { rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { ensureImages } from "../../infra/images/build.ts";
import type { Docker } from "../../infra/images/docker-cli.ts";
import { imageRef } from "../../infra/images/tags.ts";
import { checkout, testCache } from "../../infra/images/testing.ts";
import { filesOf, type Version } from "./previous.ts";

/**
 * Builds the application's image of a version from what git has of it: its sources, its lock file, its Dockerfile and its own bundler,
 * driven by today's builder, so that a change of how images are built needs no old Pulumi, CLI or cache. Returns the image's reference;
 * an image of this content that the engine has already is used.
 */
export async function versionImage(docker: Docker, version: Version): Promise<string> {
  const root = filesOf(version);
  try {
    const ref = imageRef("app", { root });
    if ((await docker(["image", "ls", "--quiet", ref])).trim() !== "") return ref;
    const quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"];
    await execa("npm", ["ci", "--workspace", "app", ...quiet], { cwd: root });
    // Its Node, if it is the same release: the builder looks, and fetches another one.
    const node = `node-linux-${process.arch}`;
    symlinkSync(join(checkout, "node_modules", node), join(root, "node_modules", node));
    await ensureImages({ docker, names: ["app"], root, source: "build", cache: testCache() });
    return ref;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}
