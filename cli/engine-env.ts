import { delimiter } from "node:path";
import type { Installation } from "./installation.ts";
import type { Paths } from "./paths.ts";

/** Variables that make a plain `pulumi` use this installation's engine, state, passphrase and config. */
export interface EngineEnvironment {
  readonly PATH: string;
  readonly PULUMI_HOME: string;
  readonly PULUMI_BACKEND_URL: string;
  readonly PULUMI_CONFIG_PASSPHRASE_FILE: string;
  /** The engine's `--config-file`: one stack's config, outside the checkout. */
  readonly PULUMI_OPTION_CONFIG_FILE: string;
  /** The stack of that config: what a `pulumi config set` without --stack means. */
  readonly PULUMI_STACK: string;
  readonly PULUMI_SKIP_UPDATE_CHECK: "true";
  readonly PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true";
  readonly FIDUS_INSTALLATION: string;
  /** Behind a proxy only, under both names: what is asked without it. */
  readonly NO_PROXY?: string;
  readonly no_proxy?: string;
}

/** The variables for `stack`; of `env` the PATH, to put the toolchain in front of, and the proxies count. Touches no file. */
export function engineEnvironment(
  paths: Paths,
  installation: Installation,
  stack: string,
  env: NodeJS.ProcessEnv,
): EngineEnvironment {
  const rest = (env["PATH"] ?? "").split(delimiter).filter((entry) => entry !== "" && entry !== paths.toolchainBin);
  return {
    PATH: [paths.toolchainBin, ...rest].join(delimiter),
    PULUMI_HOME: paths.pulumiHome,
    PULUMI_BACKEND_URL: installation.backendUrl,
    PULUMI_CONFIG_PASSPHRASE_FILE: installation.passphraseFile,
    PULUMI_OPTION_CONFIG_FILE: installation.stackConfigFile(stack),
    PULUMI_STACK: stack,
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    FIDUS_INSTALLATION: installation.id,
    ...withoutProxy(env),
  };
}

/**
 * The engine, its language host and its plugins talk over loopback. The gRPC library of the Pulumi SDK takes https_proxy for that
 * too, and does not read NO_PROXY (grpc-js, http_proxy.ts): without this a program behind a proxy never reaches the engine.
 */
function withoutProxy(env: NodeJS.ProcessEnv): Pick<EngineEnvironment, "NO_PROXY" | "no_proxy"> {
  if (!proxyNames.some((name) => env[name])) return {};
  const given = [env["NO_PROXY"], env["no_proxy"]].flatMap((list) => list?.split(",") ?? []).map((entry) => entry.trim());
  const direct = [...new Set([...given, "localhost", "127.0.0.1", "::1"])].filter((entry) => entry !== "").join(",");
  return { NO_PROXY: direct, no_proxy: direct };
}

const proxyNames = ["http_proxy", "https_proxy", "all_proxy", "grpc_proxy"].flatMap((name) => [name, name.toUpperCase()]);
