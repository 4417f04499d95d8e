import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Docker } from "../../infra/images/docker-cli.ts";
import { readHostSettings } from "../../infra/images/host-settings.ts";
import { debianArchive } from "../../infra/images/root-filesystem.ts";

/** What every test host has, as a server from a provider's Debian 13 image does. */
const basePackages = [
  ...["systemd", "systemd-sysv", "dbus", "openssh-server", "sudo", "iproute2", "procps", "ca-certificates"],
  // Hosts are configured by scripts that use them, and tests look from one host at another.
  ...["curl", "python3-minimal"],
];

/** Raise it when the way a root file system is made changes what is in it. */
const recipe = 1;

/**
 * Image of a Debian 13 machine with these packages, made by mmdebstrap from this machine's mirror the first time and kept in
 * the engine under the hash of what decides its content.
 */
export async function rootImage(docker: Docker, packages: readonly string[]): Promise<string> {
  const settings = await readHostSettings(process.env);
  const wanted = [...new Set([...basePackages, ...packages])].toSorted();
  const content = JSON.stringify({ recipe, wanted, sources: settings.sources, apt: settings.aptConfig });
  const image = `fidus-test/host:${createHash("sha256").update(content).digest("hex").slice(0, 12)}`;
  if ((await docker(["image", "ls", "--quiet", image])).trim() !== "") return image;
  const folder = await mkdtemp(join(tmpdir(), "fidus-host-root-"));
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
      throw new Error(`no Debian 13 for test hosts:\n${seen.slice(-15).join("\n")}`, { cause: error });
    });
    await docker(["import", "--change", "LABEL fidus.test=hosts", archive, image]);
    return image;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
