import type { Command } from "commander";
import { llmRuntimes } from "../../infra/config/keys/app.ts";
import { hostFreeMemory, recordAsked } from "../choices.ts";
import type { CliContext } from "../context.ts";
import { examples } from "../program.ts";
import type { Installation } from "../installation.ts";
import { requirePublished } from "../registry-choice.ts";
import { openStackConfig } from "../stack-config.ts";
import { withStackLock } from "../stack-lock.ts";
import { checkKnownStack, defaultStack } from "../stacks.ts";
import { parsePort } from "./up.ts";

interface Flags {
  readonly runtime?: string;
  readonly model?: string;
  readonly port?: string;
  readonly apiPort?: string;
  /** false: --no-registry. */
  readonly registry?: string | false;
}

/** `./fidus choose`: shows or changes what the first `up` chose; the next `up` puts it into effect. */
export function register(program: Command, ctx: CliContext): void {
  program
    .command("choose")
    .description("show or change the recorded choices: runtime, model, ports, image source")
    .argument("[stack]", "stack to work on", defaultStack)
    .option("--runtime <runtime>", `auto or one of ${llmRuntimes.join(", ")}`)
    .option("--model <model>", "auto, a model of the table, or the runtime's own name")
    .option("--port <port>", "host port of the page and API")
    .option("--api-port <port>", "host port of the API alone")
    .option("--registry <host/path>", "pull images by digest from here in place of building them")
    .option("--no-registry", "build images again")
    .addHelpText("after", examples(["./fidus choose", "./fidus choose --model auto && ./fidus up", "./fidus choose --port 3100"]))
    .action(async (stack: string, flags: Flags) => choose(ctx, stack, flags));
}

/** Works before the first `up` as well: what is asked for here is what that one takes. */
async function choose(ctx: CliContext, name: string, flags: Flags): Promise<void> {
  const installation = await ctx.installation();
  const stack = await checkKnownStack(installation, name);
  // Whoever writes the config must be alone: an `up` in between would lose what it records.
  await withStackLock(installation, stack, () => record(ctx, installation, stack, flags));
}

async function record(
  ctx: CliContext,
  installation: Installation,
  stack: string,
  { runtime, model, port, apiPort, registry }: Flags,
): Promise<void> {
  const options = {
    ...(runtime === undefined ? {} : { runtime }),
    ...(model === undefined ? {} : { model }),
    ...(port === undefined ? {} : { pagePort: parsePort("--port", port) }),
    ...(apiPort === undefined ? {} : { apiPort: parsePort("--api-port", apiPort) }),
    ...(registry === undefined ? {} : { registry: registry === false ? null : registry }),
  };
  if (options.registry) await requirePublished(ctx.paths.checkout, options.registry);
  const config = await openStackConfig(ctx.paths, installation, stack, "community");
  const changed = recordAsked(config, installation.id, options, hostFreeMemory());
  await config.save();
  const recorded = config.entries();
  ctx.printJson({ stack, changed, choices: recorded });
  for (const { key, value, because } of changed) ctx.print(`${key}: ${value} (${because})`);
  if (changed.length > 0) ctx.print(`\nNot in effect yet: ./fidus up ${stack}`);
  else
    ctx.print(
      Object.entries(recorded)
        .map(([key, value]) => `${key}: ${value}`)
        .join("\n"),
    );
}
