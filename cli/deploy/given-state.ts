import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { EnvironmentName } from "../../infra/config/keys/common.ts";
import { isSample } from "../../infra/config/samples.ts";
import { strengthProblems } from "../../infra/config/strength.ts";
import { problemUnless, type Problem } from "../../infra/core/errors.ts";
import type { CliContext } from "../context.ts";
import { pulumiEngine } from "../engine.ts";
import { wrongInput } from "../errors.ts";
import { installationAt, type Installation } from "../installation.ts";
import { opens } from "../passphrase.ts";
import { openStackConfig } from "../stack-config.ts";
import { secretVariable, type CommittedStack } from "./committed.ts";

const backendVariable = "PULUMI_BACKEND_URL";
const passphraseVariable = "PULUMI_CONFIG_PASSPHRASE";

/** Where the state is, and what opens it. */
export interface GivenState {
  readonly backendUrl: string;
  readonly passphrase: string;
}

/** The state that the environment gives, and what is wrong with it. */
export function readState(env: NodeJS.ProcessEnv, environment: EnvironmentName): { state: GivenState; problems: Problem[] } {
  const backendUrl = (env[backendVariable] ?? "").trim();
  const passphrase = (env[passphraseVariable] ?? "").trim();
  return {
    state: { backendUrl, passphrase },
    problems: [...backendProblems(backendUrl), ...passphraseProblems(passphrase, environment)],
  };
}

function backendProblems(url: string): Problem[] {
  const fix = `export ${backendVariable}=s3://YOUR-BUCKET?region=eu-central-1`;
  const shown = url.replace(/\/\/[^/@]*@/, "//…@");
  const known = /^(s3|gs|azblob|file):\/\/./.test(url) && URL.canParse(url);
  const problem = { path: backendVariable, got: url === "" ? undefined : shown, rule: "s3://, gs://, azblob:// or file://", fix };
  if (!known || !url.startsWith("file:")) return problemUnless(known, problem);
  const there = url.startsWith("file:///") && existsSync(fileURLToPath(url));
  // A folder that is not there would be an empty state: everything would be bought once more.
  return problemUnless(there, {
    ...problem,
    rule: "an absolute folder that exists",
    fix: "mkdir -p that folder, where it is new",
  });
}

function passphraseProblems(passphrase: string, environment: EnvironmentName): Problem[] {
  const fix = `Keep it as the secret ${passphraseVariable} of the environment; for a new state: openssl rand -base64 32`;
  const rule = "the passphrase that encrypts the secrets of the state";
  if (passphrase === "") return [{ path: passphraseVariable, got: undefined, rule, fix }];
  const sample = isSample({ type: "string", secret: true, editions: [], effect: "none", about: "" }, passphrase);
  if (sample) return [{ path: passphraseVariable, got: "[a sample secret]", rule, fix }];
  return strengthProblems(environment, passphraseVariable, passphrase, fix);
}

/** Without what this deployment was given in secret: the engine and its plugins get it by file, others not at all. */
export function withoutSecrets(env: NodeJS.ProcessEnv, stacks: readonly CommittedStack[]): NodeJS.ProcessEnv {
  const names = stacks.flatMap(({ secrets }) => Object.keys(secrets).map(secretVariable));
  return { ...env, ...Object.fromEntries([passphraseVariable, ...names].map((name) => [name, undefined])) };
}

/**
 * Runs `work` on an installation that lives for this deployment only: a private folder with the settings, the passphrase and the
 * encrypted secrets, gone afterwards. The state is where the environment says.
 */
export async function withInstallation<T>(
  ctx: CliContext,
  id: string,
  { backendUrl, passphrase }: GivenState,
  work: (installation: Installation) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "fidus-deploy-"));
  const passphraseFile = join(folder, "passphrase");
  const backendFolder = backendUrl.startsWith("file:") ? fileURLToPath(backendUrl) : join(folder, "backend");
  const stackConfigFile = (stack: string): string => join(folder, `Pulumi.${stack}.yaml`);
  const own = { folder, passphraseFile, backendFolder, backendUrl, stackConfigFile };
  try {
    await writeFile(passphraseFile, passphrase, { mode: 0o600 });
    return await work({ ...installationAt(ctx.paths, id, ctx.paths.checkout), ...own });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Makes the stack in the state where it is new, and gives the engine its settings and secrets. Throws exit 2 for another passphrase. */
export async function configureStack(
  ctx: CliContext,
  installation: Installation,
  { stack, edition, settings, secrets }: CommittedStack,
  { passphrase }: GivenState,
): Promise<void> {
  const engine = pulumiEngine(ctx, installation, stack);
  const config = await openStackConfig(ctx.paths, installation, stack, edition);
  config.set(settings);
  await engine.ensureStack(config);
  await config.save();
  if ((await opens(passphrase, config.salt())) === false) throw otherPassphrase(stack);
  for (const [key, value] of Object.entries(secrets))
    await engine.call(["config", "set", "--secret", key, "--stack", stack], value);
}

function otherPassphrase(stack: string): Error {
  const rule = `the passphrase that the state of ${stack} was encrypted with`;
  return wrongInput("the state cannot be opened", [
    { path: passphraseVariable, got: "another passphrase", rule, fix: "Restore that of the environment from your safe." },
  ]);
}
