import type { Command } from "commander";
import { llmRuntimes } from "../../infra/config/keys/app.ts";
import type { Credentials } from "../app-admin.ts";
import type { CliContext } from "../context.ts";
import { up, type UpResult } from "../deploy/up.ts";
import { wrongInput } from "../errors.ts";
import { examples } from "../program.ts";
import { defaultStack } from "../stacks.ts";

interface Flags {
  readonly runtime?: string;
  readonly model?: string;
  readonly port?: string;
  readonly apiPort?: string;
  /** false: --no-registry. */
  readonly registry?: string | false;
  readonly email?: string;
}

/** `./fidus up [stack]`: everything from nothing to an assistant that answered a question. */
export function register(program: Command, ctx: CliContext): void {
  program
    .command("up")
    .description("set up everything that is missing, start the stack and prove that it answers")
    .argument("[stack]", "stack to bring up", defaultStack)
    .option("--runtime <runtime>", `auto or one of ${llmRuntimes.join(", ")}`)
    .option("--model <model>", "auto, a model of the table, or the runtime's own name")
    .option("--port <port>", "host port of the page and API")
    .option("--api-port <port>", "host port of the API alone")
    .option("--registry <host/path>", "pull images by digest from here in place of building them")
    .option("--no-registry", "build images again in place of pulling them")
    .option("--email <e-mail>", "the first administrator")
    .addHelpText(
      "after",
      examples([
        "./fidus up community",
        "./fidus up community --model smollm2:135m --port 3100",
        "./fidus up community --runtime ollama-native --model llama3.1:8b",
        "./fidus up community --json | jq .url",
      ]),
    )
    .action(async (stack: string, flags: Flags) =>
      report(ctx, await up(ctx, stack, options(flags), (admin) => showAdmin(ctx, admin))),
    );
}

function options({ runtime, model, port, apiPort, registry, email }: Flags): Parameters<typeof up>[2] {
  return {
    ...(runtime === undefined ? {} : { runtime }),
    ...(model === undefined ? {} : { model }),
    ...(port === undefined ? {} : { pagePort: parsePort("--port", port) }),
    ...(apiPort === undefined ? {} : { apiPort: parsePort("--api-port", apiPort) }),
    ...(registry === undefined ? {} : { registry: registry === false ? null : registry }),
    ...(email === undefined ? {} : { email }),
  };
}

/** A port as people type it. Throws exit 2. */
export function parsePort(option: string, text: string): number {
  const port = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (port >= 1 && port <= 65_535) return port;
  throw wrongInput("that is no port", [
    { path: option, got: text, rule: "a whole number from 1 to 65535", fix: `${option} 3000` },
  ]);
}

/** The first administrator's login, the moment it exists: whatever fails later, it has been shown. */
function showAdmin(ctx: CliContext, { email, password, apiKey }: Credentials): void {
  // With --json the one document comes at the very end; should something fail before, this is all there is.
  if (ctx.json)
    process.once(
      "exit",
      (code) => void (code !== 0 && process.stderr.write(`${JSON.stringify({ admin: { email, password, apiKey } })}\n`)),
    );
  ctx.print(`\n  Shown once, kept nowhere in clear:\n  E-mail    ${email}\n  Password  ${password}\n  API key   ${apiKey}\n`);
}

function report(ctx: CliContext, result: UpResult): void {
  ctx.printJson(result);
  const { url, apiUrl, proof, demo, model, runtime } = result;
  const lines = [
    "",
    `  Chat      ${url}`,
    `  API       ${apiUrl}/v1   (OpenAI-compatible, with an API key)`,
    `  Model     ${model} (${runtime})`,
  ];
  if (proof !== null) {
    const seconds = (proof.firstTokenMs / 1000).toFixed(1);
    lines.push("", `  It answered: ${proof.completionTokens} tokens in ${proof.events} pieces, the first after ${seconds} s.`);
  }
  if (demo)
    lines.push(
      "",
      "  This is a demo model: it shows that everything works, not what an assistant can do.",
      "  Next step: ./fidus choose --model auto",
    );
  ctx.print([...lines, ""].join("\n"));
}
