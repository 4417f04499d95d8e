import { homedir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import { wrongInput } from "./errors.ts";

/** Where Fidus keeps things: nothing but the source is in the checkout, so `git clean -fdx` loses nothing. */
export interface Paths {
  /** The checkout this CLI runs from. */
  readonly checkout: string;
  /** `$XDG_DATA_HOME/fidus`: what must not be lost (state, passphrases). */
  readonly data: string;
  /** `$XDG_CACHE_HOME/fidus`: what can be fetched again. */
  readonly cache: string;
  /** One folder per installation. */
  readonly installations: string;
  /** Engine, language host and plugins. */
  readonly toolchain: string;
  /** First entry of the engine's PATH. */
  readonly toolchainBin: string;
  /** The engine's PULUMI_HOME. */
  readonly pulumiHome: string;
  /** Model files, named by their sha256. */
  readonly models: string;
}

/** The folder that holds `fidus` and `package.json`. */
export const checkoutFolder: string = dirname(import.meta.dirname);

/**
 * The folders for this environment. Throws exit 2 when there is no absolute home folder to fall back on.
 * Source: XDG Base Directory Specification: a relative or empty value counts as unset.
 */
export function resolvePaths(env: NodeJS.ProcessEnv, checkout: string = checkoutFolder): Paths {
  const data = join(xdgFolder(env, "XDG_DATA_HOME", ".local/share"), "fidus");
  const cache = join(xdgFolder(env, "XDG_CACHE_HOME", ".cache"), "fidus");
  const toolchain = join(cache, "toolchain");
  return {
    checkout,
    data,
    cache,
    installations: join(data, "installations"),
    toolchain,
    toolchainBin: join(toolchain, "bin"),
    pulumiHome: join(toolchain, "pulumi-home"),
    models: join(cache, "models"),
  };
}

function xdgFolder(env: NodeJS.ProcessEnv, name: "XDG_DATA_HOME" | "XDG_CACHE_HOME", fallback: string): string {
  const given = env[name];
  return given !== undefined && isAbsolute(given) ? given : join(homeFolder(env), fallback);
}

function homeFolder(env: NodeJS.ProcessEnv): string {
  const home = env["HOME"] ?? homedir();
  if (isAbsolute(home)) return home;
  throw wrongInput("There is no home folder to keep data in", [
    { path: "HOME", got: home, rule: "an absolute path", fix: 'export HOME="$(getent passwd "$(id -u)" | cut -d: -f6)"' },
  ]);
}
