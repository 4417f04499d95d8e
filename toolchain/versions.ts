import { InvalidInputError } from "../infra/core/errors.ts";

/** The one table of versions: package.json and the go.mod files must say the same (versions.test.ts). */
export const versions = {
  pulumi: "3.259.0",
  docker: "5.2.0",
  command: "1.2.1",
  random: "4.21.2",
  tls: "5.6.1",
  aws: "7.48.0",
  cloudflare: "6.22.1",
  hcloud: "1.41.0",
  /** Node that runs programs, CLI and stand-ins; the npm packages node-linux-* carry it. */
  node: "24.21.0",
  /** Go that is fetched where none, or an older one, is installed. */
  go: "1.26.6",
} as const;

/** Oldest Go that builds the modules in `toolchain/go`. */
export const oldestGo = "1.26.0";
/** Oldest CLI on PATH that is used as it is (`destroy --ignore-protect`); its major version must be the SDK's. */
export const oldestCli = "3.256.0";

/** The parts of the toolchain, in the order in which they are got. */
export const partNames = ["cli", "language-host", "docker", "command", "random", "tls"] as const;
/** Provider plugins of clouds: only the editions that use one need it, and only the vendor or the user's own engine has it. */
export const cloudNames = ["aws", "cloudflare", "hcloud"] as const;
export type CloudName = (typeof cloudNames)[number];
export type PartName = (typeof partNames)[number] | CloudName;

export function isCloud(part: PartName): part is CloudName {
  return cloudNames.some((name) => name === part);
}

/** The parts that are provider plugins. */
export type PluginName = Exclude<PartName, "cli" | "language-host">;

/** Version of a part. CLI and Node language host are one release. */
export function versionOf(part: PartName): string {
  return part === "cli" || part === "language-host" ? versions.pulumi : versions[part];
}

/** Operating system and processor, in Node's words. */
export interface Platform {
  readonly os: "linux" | "darwin";
  readonly arch: "x64" | "arm64";
}

/** The platform of this process, or of the given pair. Throws InvalidInputError where no toolchain exists (Windows: use WSL2). */
export function platformOf(os: string = process.platform, arch: string = process.arch): Platform {
  const knownOs = os === "linux" || os === "darwin" ? os : null;
  const knownArch = arch === "x64" || arch === "arm64" ? arch : null;
  if (knownOs !== null && knownArch !== null) return { os: knownOs, arch: knownArch };
  const fix = "On Windows run Fidus inside WSL2; else use a 64-bit Linux or macOS machine.";
  throw new InvalidInputError("toolchain", [
    { path: "platform", got: `${os}-${arch}`, rule: "linux or darwin on x64 or arm64", fix },
  ]);
}

/** An archive of the vendor and what it holds. */
export interface VendorArchive {
  /** File name: the key of pins and recorded digests. */
  readonly file: string;
  readonly url: string;
  /** The vendor's lists of sums, first one that answers wins. The lists of the plugins hold SHA-1 sums. */
  readonly checksumUrls: readonly string[];
  /** Executable inside the archive for each part it carries. */
  readonly entries: readonly { readonly part: PartName; readonly entry: string }[];
}

/**
 * Digests we know for certain: file name → sha256, hexadecimal.
 * Empty on purpose: nobody of us has yet verified an archive of these versions, and a guess would be worse than none.
 */
export const pinnedDigests: Readonly<Record<string, string>> = {};

/**
 * Where the vendor publishes a part.
 * Source: the vendor's install script (CLI); publish.yml of the provider repositories (plugins and their lists of sums).
 */
export function vendorArchive(part: PartName, { os, arch }: Platform): VendorArchive {
  if (part === "cli" || part === "language-host") return cliArchive(`${os}-${arch}`);
  return pluginArchive(part, `${os}-${arch === "x64" ? "amd64" : "arm64"}`);
}

function cliArchive(target: string): VendorArchive {
  const file = `pulumi-v${versions.pulumi}-${target}.tar.gz`;
  const release = `https://github.com/pulumi/pulumi/releases/download/v${versions.pulumi}`;
  return {
    file,
    url: `https://get.pulumi.com/releases/sdk/${file}`,
    checksumUrls: [`${release}/pulumi-${versions.pulumi}-checksums.txt`],
    entries: [
      { part: "cli", entry: "pulumi/pulumi" },
      { part: "language-host", entry: "pulumi/pulumi-language-nodejs" },
    ],
  };
}

function pluginArchive(part: PluginName, target: string): VendorArchive {
  const version = versions[part];
  const file = `pulumi-resource-${part}-v${version}-${target}.tar.gz`;
  const sums = `pulumi-${part}_${version}_checksums.txt`;
  const plugins = "https://get.pulumi.com/releases/plugins";
  return {
    file,
    url: `${plugins}/${file}`,
    checksumUrls: [`https://github.com/pulumi/pulumi-${part}/releases/download/v${version}/${sums}`, `${plugins}/${sums}`],
    entries: [{ part, entry: `pulumi-resource-${part}` }],
  };
}

/** The same file on a mirror: the path of the vendor's URL below the mirror's base URL. */
export function onMirror(url: string, base: string | null): string {
  return base === null ? url : `${base.replace(/\/+$/, "")}${new URL(url).pathname}`;
}

/** -1, 0 or 1 for dotted numeric versions; anything after a hyphen is ignored, a missing field counts as 0. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [fields(a), fields(b)];
  for (const index of [0, 1, 2]) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return Math.sign(difference);
  }
  return 0;
}

function fields(version: string): number[] {
  return (version.replace(/^v/, "").split("-")[0] ?? "").split(".").map((field) => Number.parseInt(field, 10) || 0);
}
