import type { Command } from "commander";
import { appAdmin } from "../app-admin.ts";
import { stackContainers } from "../containers.ts";
import type { CliContext } from "../context.ts";
import { emailProblems } from "../email.ts";
import { cannotGoOn, wrongInput } from "../errors.ts";
import { examples } from "../program.ts";
import { openSession } from "../session.ts";
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
      const { docker, installation } = await openSession(ctx, stack);
      const containers = await stackContainers(docker, installation.id, stack);
      const api = containers.find(({ role, state }) => role === "api" && state === "running");
      if (api === undefined) {
        throw cannotGoOn("The stack does not run", [
          { path: `stack ${stack}`, got: "no running API", rule: "a running stack", fix: `./fidus up ${stack}` },
        ]);
      }
      const made = await appAdmin(docker, api.name).create(email, user ? "user" : "admin");
      ctx.printJson(made);
      ctx.print(
        `E-mail    ${made.email}\nPassword  ${made.password}\nAPI key   ${made.apiKey}\n\nShown once, kept nowhere in clear.`,
      );
    });
}
