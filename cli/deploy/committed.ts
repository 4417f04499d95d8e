import { existsSync } from "node:fs";
import { join } from "node:path";
import type { EnvironmentName } from "../../infra/config/keys/common.ts";
import { keysOf } from "../../infra/config/keys.ts";
import { parseConfig } from "../../infra/config/parse.ts";
import { configWarnings } from "../../infra/config/rules.ts";
import type { Problem } from "../../infra/core/errors.ts";
import { editionOf, problemsOf, type ReadStack } from "../config-check.ts";
import { CliError, wrongInput } from "../errors.ts";
import { readStackConfig } from "../stack-config.ts";
import { checkStackName, configuredStacks, namedStacks } from "../stacks.ts";

/** Folder of the checkout with the settings of what is deployed from it. */
const settingsFolder = "deploy";

/** A stack as the checkout and the environment describe it. */
export interface CommittedStack extends ReadStack {
  /** Plain settings, as they are committed. */
  readonly settings: Readonly<Record<string, string>>;
  /** Secrets in clear, from the environment only. */
  readonly secrets: Readonly<Record<string, string>>;
}

export interface Committed {
  readonly stacks: readonly CommittedStack[];
  /** The one that all stacks of the name are. */
  readonly environment: EnvironmentName;
  readonly installation: string;
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
}

/** `FIDUS_HCLOUD_TOKEN` for `hcloudToken`: where a deployment finds a secret. */
export function secretVariable(key: string): string {
  return `FIDUS_${key.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/**
 * Everything that a name stands for: settings from `deploy/Pulumi.STACK.yaml`, secrets from the environment. All problems are
 * returned, to be said with those of the state. Throws exit 2 where there is no such file, exit 1 for edition community.
 */
export async function readCommitted(checkout: string, name: string, env: NodeJS.ProcessEnv): Promise<Committed> {
  const folder = join(checkout, settingsFolder);
  const names = namedStacks(checkStackName(name), existsSync(folder) ? await configuredStacks({ folder }) : []);
  if (names.length === 0) throw noSettings(name);
  const stacks = await Promise.all(names.map((stack) => readStack(folder, stack, env)));
  const [first] = stacks;
  if (first === undefined || first.edition === "community") throw notFromHere(name);
  const { environment, installation } = first.values as { environment: EnvironmentName; installation: string };
  const problems = [...problemsOf(stacks), ...differing(stacks)].map(repaired);
  return { stacks, environment, installation, problems, warnings: stacks.flatMap(({ values }) => configWarnings(values)) };
}

async function readStack(folder: string, stack: string, env: NodeJS.ProcessEnv): Promise<CommittedStack> {
  const file = { stackConfigFile: (name: string) => join(folder, `Pulumi.${name}.yaml`) };
  const config = await readStackConfig(file, stack);
  const edition = editionOf(config);
  const all = config.entries();
  const secretKeys = keysOf(edition).flatMap(([key, spec]) => (spec.secret === true ? [key as string] : []));
  const settings = Object.fromEntries(Object.entries(all).filter(([key]) => !secretKeys.includes(key)));
  // A platform gives what is not set as an empty text.
  const given = secretKeys.map((key) => [key, (env[secretVariable(key)] ?? "").trim()]).filter(([, value]) => value !== "");
  const secrets = Object.fromEntries(given) as Record<string, string>;
  const encrypted = [...config.secrets()].filter((key) => !secretKeys.includes(key));
  const { values, problems } = parseConfig(edition, { ...settings, ...secrets }, new Set([...secretKeys, ...encrypted]));
  const committed = secretKeys.filter((key) => Object.hasOwn(all, key));
  const others = problems.filter(({ path, got }) => got !== undefined || !committed.includes(path));
  return { stack, edition, values, settings, secrets, problems: [...committed.map(inRepository), ...others] };
}

/** In clear or encrypted: what is in a repository is in every clone of it for ever. */
function inRepository(key: string): Problem {
  const fix = `Remove fidus:${key} from the file, make a new one at its issuer, and give that as ${secretVariable(key)}.`;
  return { path: key, got: "a secret in the repository", rule: "to come from the environment", fix };
}

/** One name is one environment of one installation. */
function differing(stacks: readonly CommittedStack[]): Problem[] {
  return (["environment", "installation"] as const).flatMap((key) => {
    const found = [...new Set(stacks.map(({ values }) => (values as Readonly<Record<string, unknown>>)[key]))];
    if (found.length < 2) return [];
    return [
      { path: key, got: found.join(", "), rule: "the same in all stacks of a name", fix: `fidus:${key}: ${String(found[0])}` },
    ];
  });
}

/** There is no `pulumi config` for a file that is committed. */
function repaired(problem: Problem): Problem {
  const [key = ""] = problem.path.split(": ").slice(-1);
  if (/\bpulumi config set --secret\b/.test(problem.fix))
    return { ...problem, fix: `Keep it as the secret ${secretVariable(key)} of the environment.` };
  const fix = problem.fix
    .replace(/pulumi config set (\w+) (.*?)( --plaintext)?$/, `fidus:$1: $2 in ${settingsFolder}/`)
    .replace(/pulumi config rm (\w+)$/, `Remove fidus:$1 from the file in ${settingsFolder}/.`);
  return { ...problem, fix };
}

function noSettings(name: string): CliError {
  const path = `${settingsFolder}/Pulumi.${name}.yaml`;
  return wrongInput("there are no settings to deploy", [
    { path, got: undefined, rule: "the stack's settings, committed", fix: "docs/delivery.md#settings" },
  ]);
}

function notFromHere(name: string): CliError {
  return new CliError(`${name}: an installation of edition community is brought up on its own machine`, {
    exitCode: 2,
    code: "not-deployable",
    fix: "There: ./fidus up community",
  });
}
