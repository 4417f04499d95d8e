import type { Command } from "commander";
import { openAppAdmin } from "../app-admin.ts";
import type { CliContext } from "../context.ts";
import { emailProblems } from "../email.ts";
import { wrongInput } from "../errors.ts";
import { examples } from "../program.ts";
import { defaultStack } from "../stacks.ts";

interface Flags {
  readonly email: string;
  readonly stack: string;
  readonly user: boolean;
}

/** `./fidus admin create`: another administrator (or user), with a generated password and API key shown once. */
export function register(program: Command, ctx: CliContext): void {
  program
    .command("admin")
    .description("manage accounts")
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
