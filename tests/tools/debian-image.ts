import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Docker } from "../../infra/images/docker-cli.ts";
import { readHostSettings } from "../../infra/images/host-settings.ts";
import { debianArchive } from "../../infra/images/root-filesystem.ts";

/** Raise it when the way a root file system is made changes what is in it. */
const recipe = 1;

/** What this process is making or has made, by name and packages: those who ask at once share one. */
const made = new Map<string, Promise<string>>();

/**
 * Image `fidus-test/NAME` of Debian 13 with these packages, made by mmdebstrap from this machine's mirror the first time and kept
 * in the engine under the hash of what decides its content.
 */
export function debianImage(docker: Docker, name: string, packages: readonly string[]): Promise<string> {
  const key = [name, ...packages].join(" ");
  const known = made.get(key) ?? makeImage(docker, name, packages);
  made.set(key, known);
  return known;
}

async function makeImage(docker: Docker, name: string, packages: readonly string[]): Promise<string> {
  const settings = await readHostSettings(process.env);
  const wanted = [...new Set(packages)].toSorted();
  const content = JSON.stringify({ recipe, wanted, sources: settings.sources, apt: settings.aptConfig });
  const image = `fidus-test/${name}:${createHash("sha256").update(content).digest("hex").slice(0, 12)}`;
  if ((await docker(["image", "ls", "--quiet", image])).trim() !== "") return image;
  const folder = await mkdtemp(join(tmpdir(), `fidus-${name}-root-`));
  try {
    const architecture = (await docker(["version", "--format", "{{.Server.Arch}}"])).trim();
    const seen: string[] = [];
    const archive = await debianArchive({
      settings,
      architecture,
      packages: wanted,
      folder,
      env: process.env,
      onLine: (line) => seen.push(line),
    }).catch((error: unknown) => {
      throw new Error(`no Debian 13 for ${image}:\n${seen.slice(-15).join("\n")}`, { cause: error });
    });
    await docker(["import", "--change", "LABEL fidus.test=hosts", archive, image]);
    return image;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
