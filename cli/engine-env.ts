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
}

/** The variables for `stack`; `path` is the PATH to put the toolchain in front of. Touches no file. */
export function engineEnvironment(paths: Paths, installation: Installation, stack: string, path: string): EngineEnvironment {
  const rest = path.split(delimiter).filter((entry) => entry !== "" && entry !== paths.toolchainBin);
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
  };
}
