import { keys } from "../infra/config/keys.ts";
import { ensureToolchain, type ToolchainReport } from "../toolchain/index.ts";
import type { CliContext } from "./context.ts";
import type { Engine } from "./docker.ts";
import { gatherFacts, type PortWish } from "./host-facts.ts";
import { hostChecks, refuseUnfit, type Check } from "./preflight.ts";
import { elapsed, type Step } from "./progress.ts";
import type { StackConfigFile } from "./stack-config.ts";

/** What the proxy publishes without a domain, and with one. */
const publishedKeys = { local: ["pagePort", "apiPort"], domain: ["httpPort", "httpsPort"] } as const;

/** The ports that the proxy of this stack publishes; the defaults where its config records none. */
export function portWishes(config: StackConfigFile | null): readonly PortWish[] {
  const recorded = config?.entries() ?? {};
  const address = recorded["bindAddress"] ?? keys.bindAddress.default;
  const published = publishedKeys[recorded["domain"] === undefined ? "local" : "domain"];
  return published.map((key) => ({ key, address, port: Number(recorded[key] ?? keys[key].default) }));
}

/** Measures and judges this host for `up` and `doctor`. */
export async function checkHost(
  ctx: CliContext,
  engine: Engine,
  installation: string | null,
  ports: readonly PortWish[],
): Promise<Check[]> {
  return hostChecks(await gatherFacts({ engine, paths: ctx.paths, env: ctx.env, installation, ports }));
}

/** Refuses a host that cannot run the product (exit 1, every reason at once), before anything is changed on it; prints the warnings. */
export async function requireFitHost(
  ctx: CliContext,
  engine: Engine,
  installation: string,
  ports: readonly PortWish[],
): Promise<void> {
  for (const warning of refuseUnfit(await checkHost(ctx, engine, installation, ports))) ctx.notice(`  ${warning}`);
}

/** Makes the toolchain complete under a running step. */
export async function prepareToolchain(ctx: CliContext, step: Step): Promise<ToolchainReport> {
  const report = await ensureToolchain({
    paths: { root: ctx.paths.toolchain },
    env: ctx.env,
    signal: ctx.signal,
    log: ({ part, phase, message, tookMs }) => {
      step.update(`${part}: ${message}`);
      if (tookMs !== undefined) return ctx.notice(`  ${part}: ${message} (${elapsed(tookMs)})`);
      if (ctx.verbose || (phase === "fallback" && part === "toolchain")) ctx.notice(`  ${part}: ${message}`);
    },
  });
  if (report.parts.every(({ source }) => source === "cache")) step.update("unchanged");
  return report;
}
