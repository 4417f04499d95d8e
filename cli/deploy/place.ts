import { recordAsked, recordMissing, type Choice } from "../choices.ts";
import type { ChoiceFlags } from "../choice-flags.ts";
import type { CliContext } from "../context.ts";
import type { Engine } from "../docker.ts";
import { publishedAddress } from "../../infra/config/published-ports.ts";
import { demandsOf, requireFitHost } from "../host-check.ts";
import { measureHost, type Measured } from "../host-facts.ts";
import type { Installation } from "../installation.ts";
import { requirePassphrase } from "../passphrase.ts";
import { requirePublished } from "../registry-choice.ts";
import { checkedSettings, type Settings } from "../settings.ts";
import type { StackConfigFile } from "../stack-config.ts";
import { prepareEngine } from "./host.ts";

/** Where a stack will run, and what was chosen for it. */
export interface Place {
  readonly engine: Engine;
  readonly measured: Measured;
  readonly choices: readonly Choice[];
  /** The model was picked by this run, so this run may take another. */
  readonly modelIsOurs: boolean;
}

/**
 * Everything that can be refused is refused here, cheapest first and before anything is fetched or built: the settings with the
 * program's own rules (exit 2), the passphrase, the engine, its machine (exit 1). What was chosen is recorded only at the end,
 * so that nothing this host refuses is what the next plain `up` finds.
 */
export async function settlePlace(
  ctx: CliContext,
  installation: Installation,
  config: StackConfigFile,
  flags: ChoiceFlags,
): Promise<Place> {
  if (typeof flags.registry === "string") await requirePublished(ctx.paths.checkout, flags.registry);
  const asked = recordAsked(config, installation.id, flags);
  const settings = checkedSettings(config);
  // Half a second of another thread: looked at beside the engine, complained about before it, and before anything is installed.
  const passphrase = requirePassphrase(installation, config);
  const measure = (engine: Engine | null): Promise<Measured> =>
    measureHost({
      engine,
      paths: ctx.paths,
      env: ctx.env,
      installation: installation.id,
      images: Object.values(settings.images),
    });
  const search = prepareEngine(ctx, config, async () => {
    await passphrase;
    await requireFitHost(ctx, await measure(null), demandsOf(settings));
  });
  await Promise.allSettled([passphrase, search]);
  await passphrase;
  const engine = await search;
  const measured = await measure(engine);
  const chosen = await chooseMissing(config, engine, measured, settings);
  const choices = [...asked.filter(({ key }) => !chosen.some((choice) => choice.key === key)), ...chosen];
  for (const { key, value, because } of choices) ctx.notice(`  ${key}: ${value} (${because})`);
  await requireFitHost(ctx, measured, demandsOf(checkedSettings(config)));
  await config.save();
  return { engine, measured, choices, modelIsOurs: chosen.some(({ key }) => key === "model") };
}

function chooseMissing(
  config: StackConfigFile,
  engine: Engine,
  { measures: { memory }, holderOf }: Measured,
  settings: Settings,
): Promise<Choice[]> {
  const address = publishedAddress(settings);
  return recordMissing(config, {
    dockerHost: engine.host,
    dockerMajor: Number.parseInt(engine.version, 10) || 20,
    memory: memory.available ?? memory.total,
    memoryIs: memory.available === null ? "of memory are in the engine's machine" : "of memory are free",
    portTaken: async (key, port) => (await holderOf({ key, address, port })).kind !== "free",
  });
}
