import type { Command } from "commander";
import { openAppAdmin } from "../app-admin.ts";
import type { CliContext } from "../context.ts";
import { emailProblems } from "../email.ts";
import { CliError, wrongInput } from "../errors.ts";
import { examples } from "../program.ts";
import { defaultStack } from "../stacks.ts";

interface Flags {
  readonly email: string;
  readonly stack: string;
  readonly user: boolean;
}

/** `./fidus admin …`: accounts, one person's data, and the keys it is sealed with. */
export function register(program: Command, ctx: CliContext): void {
  const admin = program.command("admin").description("manage accounts and what is kept for them");
  registerCreate(admin, ctx);
  registerExport(admin, ctx);
  registerErase(admin, ctx);
  registerSeal(admin, ctx);
}

/** Another administrator (or user), with a generated password and API key shown once. */
function registerCreate(admin: Command, ctx: CliContext): void {
  admin
    .command("create")
    .description("make an account; password and API key are generated and shown once")
    .requiredOption("--email <e-mail>", "e-mail address, the login")
    .option("--user", "a plain user, no administrator", false)
    .option("--stack <stack>", "stack to work on", defaultStack)
    .addHelpText(
      "after",
      examples(["./fidus admin create --email ada@example.com", "./fidus admin create --email ada@example.com --json"]),
    )
    .action(async ({ email, stack, user }: Flags) => {
      const problems = emailProblems(email, "./fidus admin create --email you@example.com");
      if (problems.length > 0) throw wrongInput("the command line cannot be used", problems);
      const made = await (await openAppAdmin(ctx, stack)).create(email, user ? "user" : "admin");
      ctx.printJson(made);
      ctx.print(
        `E-mail    ${made.email}\nPassword  ${made.password}\nAPI key   ${made.apiKey}\n\nShown once, kept nowhere in clear.`,
      );
    });
}

function registerExport(admin: Command, ctx: CliContext): void {
  admin
    .command("export")
    .description("print all that is kept of a person, a JSON line each")
    .argument("<e-mail>", "the account's address")
    .option("--stack <stack>", "stack to work on", defaultStack)
    .addHelpText("after", examples(["./fidus admin export ada@example.com > ada.ndjson"]))
    .action(async (email: string, { stack }: { stack: string }) => {
      const text = await (await openAppAdmin(ctx, stack)).export(email);
      ctx.print(text);
      ctx.printJson({ email, lines: text.split("\n").map((line) => JSON.parse(line) as unknown) });
    });
}

function registerErase(admin: Command, ctx: CliContext): void {
  admin
    .command("erase")
    .description("erase a person for ever: the key of their data, then the data")
    .argument("<e-mail>", "the account's address")
    .option("--stack <stack>", "stack to work on", defaultStack)
    .addHelpText("after", examples(["./fidus admin erase ada@example.com", "./fidus admin erase ada@example.com --yes"]))
    .action(async (email: string, { stack }: { stack: string }) => {
      const app = await openAppAdmin(ctx, stack);
      if (!(await ctx.confirm(`Erase ${email} and all of their conversations for ever?`))) {
        throw new CliError("nothing was erased", { code: "declined" });
      }
      await app.erase(email);
      ctx.printJson({ email, erased: true });
      ctx.print(`${email} is erased. Backups of keys that are older than this must go: docs/privacy.md.`);
    });
}

function registerSeal(admin: Command, ctx: CliContext): void {
  admin
    .command("seal")
    .description("seal everything with the newest encryption key now, and show which keys are still needed")
    .option("--stack <stack>", "stack to work on", defaultStack)
    .addHelpText("after", examples(["./fidus admin seal", "./fidus admin seal --json"]))
    .action(async ({ stack }: { stack: string }) => {
      const { unsealed, ring, lost } = await (await openAppAdmin(ctx, stack)).seal();
      ctx.printJson({ unsealed, ring, lost });
      const keys = ring.map(
        ({ key, dataKeys }, index) => `Key ${key}  opens ${dataKeys} people's data${index === 0 ? " (newest)" : ""}`,
      );
      ctx.print([...keys, `In clear: ${unsealed} rows`, `Without a key: ${lost} people's data`].join("\n"));
    });
}
