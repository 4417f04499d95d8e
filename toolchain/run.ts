import { isAbsolute } from "node:path";
import { InvalidInputError, type Problem } from "../infra/core/errors.ts";
import { layoutOf, type Layout, type ToolchainPaths } from "./layout.ts";
import { partNames, pinnedDigests, platformOf, type CloudName, type PartName, type Platform } from "./versions.ts";

/** Where parts may come from. `auto`: cache, PATH, vendor, build. The others name one way; what the cache holds from it is used. */
export const sourceSettings = ["auto", "vendor", "build"] as const;
export type SourceSetting = (typeof sourceSettings)[number];

/** What a part is doing; "fallback" says why a way was given up that one could have counted on. */
export type Phase =
  "check" | "wait" | "probe" | "download" | "verify" | "unpack" | "go" | "build" | "bundle" | "fallback" | "done";

/** One sign of life. Events of one part come in order; "done" is its last. */
export interface ToolchainEvent {
  /** "toolchain" for what concerns all parts. */
  readonly part: PartName | "toolchain";
  readonly phase: Phase;
  /** A short sentence for people, without part and time. */
  readonly message: string;
  /** Milliseconds since `ensureToolchain` began. */
  readonly elapsedMs: number;
  /** Downloads only: bytes so far, of how many (null: not told), and 0 to 100. */
  readonly bytes?: number;
  readonly totalBytes?: number | null;
  readonly percent?: number | null;
  /** "done" only, and only for a part that was got by this call: milliseconds that took. */
  readonly tookMs?: number;
}

export interface NetworkLimits {
  /** Milliseconds to resolve, connect and answer before the vendor counts as unreachable. @default 4000 */
  readonly connectMs: number;
  /** Milliseconds without a byte before a download is given up. @default 20000 */
  readonly stallMs: number;
  /** Tries per file, the first included. @default 3 */
  readonly attempts: number;
}

export interface EnsureOptions {
  readonly paths: ToolchainPaths;
  /** Gets every event; must not throw. @default none */
  readonly log?: (event: ToolchainEvent) => void;
  /** Reads PATH, HOME, PULUMI_HOME, HTTPS_PROXY and its kin, FIDUS_TOOLCHAIN_SOURCE, FIDUS_VENDOR_BASE_URL; handed to the programs it runs. @default process.env */
  readonly env?: NodeJS.ProcessEnv;
  /** Stops downloads and builds; the toolchain stays as far as it got. @default never */
  readonly signal?: AbortSignal;
  readonly limits?: Partial<NetworkLimits>;
  /** Folder with go/, language-host.ts and providers/. @default this folder */
  readonly sources?: string;
  /** File name → sha256. @default the committed table */
  readonly pins?: Readonly<Record<string, string>>;
  /** Clouds whose plugins are needed too. @default none */
  readonly clouds?: readonly CloudName[];
}

/** One call of `ensureToolchain`: settled options and what the parts share. */
export interface Run {
  /** What has to be there, in the order in which it is got. */
  readonly parts: readonly PartName[];
  readonly layout: Layout;
  readonly platform: Platform;
  readonly env: NodeJS.ProcessEnv;
  readonly setting: SourceSetting;
  /** Replaces the vendor's hosts; null: the vendor itself. */
  readonly mirror: string | null;
  readonly limits: NetworkLimits;
  readonly sources: string;
  readonly pins: Readonly<Record<string, string>>;
  /** Where Go's own installer puts it; looked at after PATH. */
  readonly usualGoFolders: readonly string[];
  readonly signal: AbortSignal;
  readonly elapsedMs: () => number;
  readonly log: (part: ToolchainEvent["part"], phase: Phase, message: string, progress?: Progress) => void;
}

type Progress = Pick<ToolchainEvent, "bytes" | "totalBytes" | "percent" | "tookMs">;

/** Settles the options. Throws InvalidInputError with every wrong setting at once. */
export function createRun(options: EnsureOptions): Run {
  const { paths, log = () => undefined, env = process.env, sources = import.meta.dirname, pins = pinnedDigests } = options;
  const setting = env["FIDUS_TOOLCHAIN_SOURCE"] ?? "auto";
  const mirror = env["FIDUS_VENDOR_BASE_URL"] ?? null;
  const problems = [...rootProblems(paths.root), ...settingProblems(setting), ...mirrorProblems(mirror)];
  if (problems.length > 0 || !isSetting(setting)) throw new InvalidInputError("toolchain", problems);
  const started = performance.now();
  const elapsedMs = (): number => Math.round(performance.now() - started);
  return {
    parts: [...partNames, ...(options.clouds ?? [])],
    layout: layoutOf(paths),
    platform: platformOf(),
    env,
    setting,
    mirror,
    limits: { connectMs: 4000, stallMs: 20_000, attempts: 3, ...options.limits },
    sources,
    pins,
    usualGoFolders: ["/usr/local/go/bin"],
    signal: options.signal ?? new AbortController().signal,
    elapsedMs,
    log: (part, phase, message, progress) => log({ part, phase, message, elapsedMs: elapsedMs(), ...progress }),
  };
}

function isSetting(value: string): value is SourceSetting {
  return sourceSettings.some((setting) => setting === value);
}

function rootProblems(root: string): Problem[] {
  if (isAbsolute(root)) return [];
  return [{ path: "paths.root", got: root, rule: "an absolute path", fix: 'export XDG_CACHE_HOME="$HOME/.cache"' }];
}

function settingProblems(setting: string): Problem[] {
  if (isSetting(setting)) return [];
  const path = "FIDUS_TOOLCHAIN_SOURCE";
  return [{ path, got: setting, rule: `one of ${sourceSettings.join(", ")}`, fix: `export ${path}=auto` }];
}

function mirrorProblems(mirror: string | null): Problem[] {
  if (mirror === null || /^https?:$/.test(URL.parse(mirror)?.protocol ?? "")) return [];
  const path = "FIDUS_VENDOR_BASE_URL";
  return [{ path, got: mirror, rule: "an http or https URL", fix: `unset ${path}` }];
}
