import { execa } from "execa";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Docker } from "./docker-cli.ts";
import { suite, type HostSettings } from "./host-settings.ts";

/** Debian's own image: used where mmdebstrap cannot run. Its digest is recorded by the caller at first use. */
export const vendorImage = "debian:trixie-slim";

/** A Debian 13 root file system in the engine, to build the base image from. */
export interface RootFilesystem {
  /** Name or id that FROM accepts. */
  readonly image: string;
  /** How it came: "mmdebstrap" from the operator's mirror, or "pulled" with its digest (unpinned: recorded, not known before). */
  readonly source: { readonly kind: "mmdebstrap" } | { readonly kind: "pulled"; readonly digest: string };
  /** Package sources of later build stages. */
  readonly sources: readonly string[];
  /** True: nobody else uses it, to be removed after the build. */
  readonly temporary: boolean;
}

export interface RootFilesystemArgs {
  readonly docker: Docker;
  readonly settings: HostSettings;
  /** Debian's name of the engine's architecture: amd64, arm64. */
  readonly architecture: string;
  /** Folder for the archive, removed by the caller. */
  readonly folder: string;
  /** Part of the temporary image's name. */
  readonly buildId: string;
  readonly env: NodeJS.ProcessEnv;
  readonly onLine: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Debian 13 by mmdebstrap from this machine's mirror where that can run (installed, or installable by root), else Debian's
 * image. Throws an Error that names both ways when neither works.
 */
export async function rootFilesystem(args: RootFilesystemArgs): Promise<RootFilesystem> {
  const { settings, architecture, env } = args;
  const missing =
    settings.sources.length === 0
      ? "this machine's apt names no Debian mirror (set FIDUS_DEBIAN_MIRROR)"
      : !(await sameArchitecture(architecture, env))
        ? `this machine cannot run ${architecture} programs`
        : !(await mmdebstrapReady(env, args.onLine))
          ? "mmdebstrap is not installed (apt-get install mmdebstrap)"
          : null;
  if (missing === null) return bootstrap(args);
  args.onLine(`${missing}: pulling ${vendorImage}`);
  try {
    return await pullVendor(args);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(
      `images.base: got no Debian 13; needs mmdebstrap (${missing}) or ${vendorImage} (${reason}). Repair one of the two.`,
      { cause: error },
    );
  }
}

async function bootstrap(args: RootFilesystemArgs): Promise<RootFilesystem> {
  const { docker, settings, buildId, signal } = args;
  const archive = await debianArchive({ ...args, packages: ["ca-certificates"] });
  const image = `fidus/root:${buildId}`;
  await docker(["import", "--change", `LABEL fidus.build=${buildId}`, archive, image], { signal });
  return { image, source: { kind: "mmdebstrap" }, sources: settings.sources, temporary: true };
}

export interface DebianArchiveArgs extends Pick<
  RootFilesystemArgs,
  "settings" | "architecture" | "folder" | "env" | "onLine" | "signal"
> {
  /** Debian packages beside those that every system has. */
  readonly packages: readonly string[];
}

/** Debian 13 without documentation as an archive in `folder`, made by mmdebstrap. Its apt keeps the sources it was made from. */
export async function debianArchive(args: DebianArchiveArgs): Promise<string> {
  const { settings, architecture, packages, folder, env, onLine, signal } = args;
  // To a file first: an archive cut short by a killed process would be imported as if it were whole.
  const archive = join(folder, "root.tar");
  const certificates = join(folder, "ca.crt");
  if (settings.certificates !== null) await writeFile(certificates, settings.certificates);
  // apt gives downloads to a user of its own, who cannot read below a private cache folder.
  const ca = settings.certificates === null ? [] : [`Acquire::https::CAInfo "${certificates}"`, 'APT::Sandbox::User "root"'];
  const child = execa(
    "mmdebstrap",
    [
      "--variant=minbase",
      `--architectures=${architecture}`,
      `--include=${packages.join(",")}`,
      ...["man", "info", "locale", "doc"].map((name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`),
      "--dpkgopt=path-include=/usr/share/doc/*/copyright",
      ...[...ca, ...settings.aptConfig.map((line) => line.replace(/;$/, "")), 'Acquire::Languages "none"'].map(
        (line) => `--aptopt=${line}`,
      ),
      suite,
      archive,
      ...settings.sources,
    ],
    { env, extendEnv: false, all: true, reject: false, ...(signal === undefined ? {} : { cancelSignal: signal }) },
  );
  for await (const line of child.iterable({ from: "all" })) onLine(String(line));
  const { failed, exitCode, all: said = "" } = await child;
  if (failed) throw new Error(`mmdebstrap failed (exit ${exitCode ?? "none"}):\n${said.trimEnd()}`);
  return archive;
}

async function pullVendor({ docker, onLine, signal, settings }: RootFilesystemArgs): Promise<RootFilesystem> {
  await docker(["pull", vendorImage], { onLine, signal });
  const digest = (await docker(["image", "inspect", "--format", "{{index .RepoDigests 0}}", vendorImage], { signal })).trim();
  const sources = settings.sources.length > 0 ? settings.sources : await vendorSources(docker, digest);
  return { image: digest, source: { kind: "pulled", digest }, sources, temporary: false };
}

/** The package sources that Debian's image brings: later stages start from our base image, which has none. */
export async function vendorSources(docker: Docker, image: string): Promise<string[]> {
  const text = await docker(["run", "--rm", "--network", "none", image, "cat", "/etc/apt/sources.list.d/debian.sources"]);
  return oneLineSources(text);
}

/** deb822 paragraphs as one-line sources, main component only. */
export function oneLineSources(deb822: string): string[] {
  return deb822.split(/\n\s*\n/).flatMap((paragraph) => {
    const field = (name: string) => new RegExp(`^${name}:(.*)$`, "im").exec(paragraph)?.[1]?.trim().split(/\s+/) ?? [];
    if (!field("Types").includes("deb")) return [];
    return field("URIs").flatMap((uri) => field("Suites").map((name) => `deb ${uri} ${name} main`));
  });
}

async function mmdebstrapReady(env: NodeJS.ProcessEnv, onLine: (line: string) => void): Promise<boolean> {
  if (await runs("mmdebstrap", ["--version"], env)) return true;
  if (process.getuid?.() !== 0 || !(await runs("apt-get", ["--version"], env))) return false;
  onLine("installing mmdebstrap");
  await runs("apt-get", ["update"], env);
  await runs("apt-get", ["install", "--yes", "--no-install-recommends", "mmdebstrap"], {
    ...env,
    DEBIAN_FRONTEND: "noninteractive",
  });
  return runs("mmdebstrap", ["--version"], env);
}

async function sameArchitecture(architecture: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  const own = await execa("dpkg", ["--print-architecture"], { env, extendEnv: false, reject: false });
  return !own.failed && own.stdout.trim() === architecture;
}

async function runs(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<boolean> {
  const result = await execa(program, args, { env, extendEnv: false, reject: false, stdio: "ignore" });
  return !result.failed;
}
