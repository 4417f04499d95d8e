import { join } from "node:path";
import { versionOf, type PartName } from "./versions.ts";

/** Where the toolchain lives. */
export interface ToolchainPaths {
  /** Absolute path of the toolchain's folder: `$XDG_CACHE_HOME/fidus/toolchain`. */
  readonly root: string;
}

/** Every path below the root; nothing here exists until `ensureToolchain` made it. */
export interface Layout {
  readonly root: string;
  /** First entry of the engine's PATH. */
  readonly bin: string;
  readonly node: string;
  /** The engine's PULUMI_HOME. */
  readonly pulumiHome: string;
  /** One JSON file per part that is complete. */
  readonly markers: string;
  /** sha256 of vendor archives as first seen; outlives the archives. */
  readonly digests: string;
  readonly downloads: string;
  /** Unpacked or built but not yet in place; same file system as the rest, so that a rename is atomic. */
  readonly staging: string;
  readonly standIns: string;
  /** What Node compiled of them, and of the programs they run; made again when it is gone. */
  readonly compiled: string;
  /** Go, when it had to be fetched, and its caches. */
  readonly go: string;
  readonly lock: string;
}

export function layoutOf({ root }: ToolchainPaths): Layout {
  const at = (...names: string[]): string => join(root, ...names);
  return {
    root,
    bin: at("bin"),
    node: at("bin", "node"),
    pulumiHome: at("pulumi-home"),
    markers: at("markers"),
    digests: at("digests.json"),
    downloads: at("downloads"),
    staging: at("staging"),
    standIns: at("stand-ins"),
    compiled: at("compiled"),
    go: at("go"),
    lock: at(".lock"),
  };
}

/** Name of a part's executable, as the engine looks it up. */
export function executableName(part: PartName): string {
  if (part === "cli") return "pulumi";
  return part === "language-host" ? "pulumi-language-nodejs" : `pulumi-resource-${part}`;
}

/** Folder of a part's executable. */
export function folderOf(layout: Layout, part: PartName): string {
  if (part === "cli" || part === "language-host") return layout.bin;
  return join(layout.pulumiHome, "plugins", `resource-${part}-v${versionOf(part)}`);
}

/** Absolute path of a part's executable. */
export function executableOf(layout: Layout, part: PartName): string {
  return join(folderOf(layout, part), executableName(part));
}

/** What the engine's environment needs from the toolchain. */
export interface ToolchainEnv {
  /** Goes in front of PATH. */
  readonly pathPrefix: string;
  readonly PULUMI_HOME: string;
}

/** The toolchain's share of the engine's environment; pure, reads nothing. */
export function toolchainEnv(paths: ToolchainPaths): ToolchainEnv {
  const { bin, pulumiHome } = layoutOf(paths);
  return { pathPrefix: bin, PULUMI_HOME: pulumiHome };
}
