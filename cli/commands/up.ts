import type { Command } from "commander";
import { shownOnce, type Credentials } from "../app-admin.ts";
import { addChoiceFlags, checkFlags } from "../choice-flags.ts";
import type { CliContext } from "../context.ts";
import { deployClouds, inWords, isOfClouds, type DeployedClouds } from "../deploy/clouds.ts";
import { up, type UpOptions, type UpResult } from "../deploy/up.ts";
import { emailProblems } from "../email.ts";
import { wrongInput } from "../errors.ts";
import { examples } from "../program.ts";
import { defaultStack } from "../stacks.ts";

/** `./fidus up [stack]`: everything from nothing to an assistant that answered a question. */
export function register(program: Command, ctx: CliContext): void {
  const command = program
    .command("up")
    .description("set up everything that is missing, start the stack and prove that it answers")
    .argument("[stack]", "stack to bring up; of other editions than community the infrastructure is made", defaultStack);
  addChoiceFlags(command)
    .option("--email <e-mail>", "the first administrator")
    .addHelpText(
      "after",
      examples([
        "./fidus up community",
        "./fidus up community --model smollm2:135m --port 3100",
        "./fidus up community --runtime ollama-native --model llama3.1:8b",
        "./fidus up community --json | jq .url",
        "./fidus init starter --name acme && ./fidus up acme",
      ]),
    )
    .action(async (stack: string, options: UpOptions) => {
      checkFlags(options, emailProblems(options.email, "./fidus up --email you@example.com"));
      if (await isOfClouds(ctx, stack)) {
        refuseChoices(stack, options);
        return reportClouds(ctx, await deployClouds(ctx, stack));
      }
      report(ctx, await up(ctx, stack, options, (admin) => showAdmin(ctx, admin)));
    });
}

/** The first administrator's login, the moment it exists: whatever fails later, it has been shown. */
function showAdmin(ctx: CliContext, { email, password, apiKey }: Credentials): void {
  // With --json the one document comes at the very end; should something fail before, this is all there is.
  if (ctx.json)
    process.once(
      "exit",
      (code) => void (code !== 0 && process.stderr.write(`${JSON.stringify({ admin: { email, password, apiKey } })}\n`)),
    );
  ctx.print(shownOnce({ email, password, apiKey }));
}

/** The settings of other editions are keys of their stacks: an option must not be ignored in silence. */
function refuseChoices(stack: string, options: UpOptions): void {
  const problems = Object.entries(options).map(([name, got]) => {
    const path = `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    return { path, got, rule: "a stack of edition community", fix: `./fidus up ${stack}` };
  });
  if (problems.length > 0) throw wrongInput("the command line cannot be used", problems);
}

function reportClouds(ctx: CliContext, result: DeployedClouds): void {
  ctx.printJson(result);
  const lines = result.stacks.map(({ stack, edition, changes, url }) =>
    [`  ${stack}`, edition, inWords(changes), url ?? ""].join("  ").trimEnd(),
  );
  const rest =
    "  This is the infrastructure; Fidus does not put the product on it yet, so that nothing answers at these addresses.";
  ctx.print(["", ...lines, "", rest, ""].join("\n"));
}

function report(ctx: CliContext, result: UpResult): void {
  ctx.printJson(result);
  const { stores, proof, demo, tunnel } = result;
  const lines = ["", ...(stores === null ? addresses(result) : storeAddresses(stores))];
  if (tunnel !== null) lines.push("", `  That is the engine's machine. To open it from here: ${tunnel}`);
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

function addresses({ url, apiUrl, model, runtime }: UpResult): string[] {
  return [
    `  Chat      ${url}`,
    `  API       ${apiUrl}/v1   (OpenAI-compatible, with an API key)`,
    `  Model     ${model} (${runtime})`,
  ];
}

function storeAddresses({ postgres, redis }: NonNullable<UpResult["stores"]>): string[] {
  return [
    `  PostgreSQL   ${postgres}, database fidus, user fidus`,
    `  Redis        ${redis}`,
    "",
    "  The app from this checkout's sources, started anew on every change: ./fidus dev",
    '  Passwords and addresses for your own programs: eval "$(./fidus env --app)"',
  ];
}
