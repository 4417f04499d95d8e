import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { versions } from "../../toolchain/index.ts";
import type { CloudName } from "../../toolchain/index.ts";

const shared = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "fidus/toolchain");

/**
 * Gives a home folder the real engine, and simulated clouds as plugins of the user's own engine. The toolchain is its own: the
 * simulated plugins must never be found in the shared one.
 */
export async function simulatedHome(home: string, clouds: readonly CloudName[]): Promise<void> {
  const own = join(home, "cache/fidus/toolchain");
  mkdirSync(own, { recursive: true });
  const parts = ["bin", "markers", "pulumi-home", "stand-ins"].map((name) => join(shared, name));
  await execa("cp", ["-al", ...parts, own]).catch(() => execa("cp", ["-a", ...parts, own]));
  for (const name of clouds) {
    const plugin = join(home, `.pulumi/plugins/resource-${name}-v${versions[name]}/pulumi-resource-${name}`);
    mkdirSync(dirname(plugin), { recursive: true });
    const program = join(import.meta.dirname, "../simulator/plugin.ts");
    writeFileSync(plugin, `#!/bin/sh\nexec "${process.execPath}" "${program}" --package=${name} "$@"\n`);
    chmodSync(plugin, 0o755);
  }
}
