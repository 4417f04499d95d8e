import { ownRuntime } from "../infra/config/own-runtime.ts";
import { publishedPorts, type PublishedPort } from "../infra/config/published-ports.ts";
import type { Problem } from "../infra/core/errors.ts";
import { findModel, type Model } from "../infra/core/models.ts";
import type { Docker } from "../infra/images/docker-cli.ts";
import { ensureToolchain, type CloudName, type ToolchainReport } from "../toolchain/index.ts";
import type { CliContext } from "./context.ts";
import { cannotGoOn } from "./errors.ts";
import type { Measured } from "./host-facts.ts";
import { tryPortThere } from "./ports.ts";
import { hostChecks, portProblems, refuseUnfit, type Check } from "./preflight.ts";
import { elapsed, type Step } from "./progress.ts";
import type { Settings } from "./settings.ts";

/** What a stack takes of its host. */
export interface Demands {
  readonly ports: readonly PublishedPort[];
  readonly model: Model | null;
}

/** What these settings ask of the engine's machine. */
export function demandsOf(settings: Settings): Demands {
  const { services, llmRuntime, llmBaseUrl, model } = settings;
  const own = services === "all" && ownRuntime(llmRuntime, llmBaseUrl).model;
  return { ports: publishedPorts(settings), model: own ? findModel(model) : null };
}

/** Judges a measured host for `up` and `doctor`. */
export async function checkHost({ measures, holderOf }: Measured, { ports, model }: Demands): Promise<Check[]> {
  const uses = await Promise.all(ports.map(async (port) => ({ ...port, holder: await holderOf(port) })));
  return hostChecks({ ...measures, ports: uses, model });
}

/** Refuses a host that cannot run the product (exit 1, every reason at once), before anything is changed on it; prints the warnings. */
export async function requireFitHost(ctx: CliContext, measured: Measured, demands: Demands): Promise<void> {
  for (const warning of refuseUnfit(await checkHost(measured, demands))) ctx.notice(`  ${warning}`);
}

/**
 * The ports of an engine elsewhere, tried there: possible only once it has an image, so later than the rest. Throws exit 1 with
 * every port that somebody holds.
 */
export async function requirePortsThere(
  docker: Docker,
  { measures: { engine }, holderOf }: Measured,
  { ports }: Demands,
  probe: { readonly image: string; readonly installation: string },
): Promise<void> {
  if (engine === null || !(engine.remote || engine.virtual)) return;
  const problems: Problem[] = [];
  for (const port of ports) {
    const seen = await holderOf(port);
    const holder = seen.kind === "free" ? await tryPortThere(docker, probe, port) : seen;
    problems.push(...portProblems({ ...port, holder }));
  }
  if (problems.length > 0) throw cannotGoOn("The engine's machine cannot publish the ports", problems, "preflight");
}

/** Makes the toolchain complete under a running step. */
export async function prepareToolchain(ctx: CliContext, step: Step, clouds: readonly CloudName[] = []): Promise<ToolchainReport> {
  const report = await ensureToolchain({
    clouds,
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
