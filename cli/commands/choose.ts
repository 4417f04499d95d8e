import type { Command } from "commander";
import { llmRuntimes } from "../../infra/config/keys.ts";
import { hostFreeMemory, loopbackPortTaken, recordChoices } from "../choices.ts";
import type { CliContext } from "../context.ts";
import { examples } from "../program.ts";
import { openSession, type Session } from "../session.ts";
import { withStackLock } from "../stack-lock.ts";
import { defaultStack } from "../stacks.ts";
import { parsePort } from "./up.ts";

interface Flags {
  readonly runtime?: string;
  readonly model?: string;
  readonly port?: string;
  readonly apiPort?: string;
  readonly registry?: string;
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
    .option("--registry <host/path>", "pull images by digest from here")
    .addHelpText("after", examples(["./fidus choose", "./fidus choose --model auto && ./fidus up", "./fidus choose --port 3100"]))
    .action(async (stack: string, flags: Flags) => choose(ctx, stack, flags));
}

async function choose(ctx: CliContext, stack: string, flags: Flags): Promise<void> {
  const session = await openSession(ctx, stack);
  // Whoever writes the config must be alone: an `up` in between would lose what it records.
  await withStackLock(session.installation, session.stack, async () => record(ctx, await openSession(ctx, stack), flags));
}

async function record(
  ctx: CliContext,
  { config, installation, dockerHost, stack }: Session,
  { runtime, model, port, apiPort, registry }: Flags,
): Promise<void> {
  const options = {
    ...(runtime === undefined ? {} : { runtime }),
    ...(model === undefined ? {} : { model }),
    ...(port === undefined ? {} : { pagePort: parsePort("--port", port) }),
    ...(apiPort === undefined ? {} : { apiPort: parsePort("--api-port", apiPort) }),
    ...(registry === undefined ? {} : { registry }),
  };
  const { dockerMajor = "20" } = config.entries();
  const host = { dockerHost, dockerMajor: Number(dockerMajor), freeMemory: hostFreeMemory(), portTaken: loopbackPortTaken };
  const changed = await recordChoices(config, installation.id, options, host);
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
