import { resolve } from "node:path";
import type { Command } from "commander";
import { alignColumns } from "../../infra/core/table.ts";
import { openAppAdmin, type Erased } from "../app-admin.ts";
import type { CliContext } from "../context.ts";
import { emailProblems } from "../email.ts";
import { CliError, wrongInput } from "../errors.ts";
import { exportLines, exportToFile } from "../person-export.ts";
import { examples } from "../program.ts";
import { defaultStack } from "../stacks.ts";

interface OnStack {
  readonly stack: string;
}

interface Flags extends OnStack {
  readonly email: string;
  readonly user: boolean;
}

/** `./fidus admin …`: accounts, one person's data, and the keys it is sealed with. */
export function register(program: Command, ctx: CliContext): void {
  const admin = program.command("admin").description("manage accounts and what is kept for them");
  registerCreate(admin, ctx);
  registerList(admin, ctx);
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

function registerList(admin: Command, ctx: CliContext): void {
  admin
    .command("list")
    .description("list the accounts, and how much is kept for each")
    .option("--stack <stack>", "stack to work on", defaultStack)
    .addHelpText("after", examples(["./fidus admin list", "./fidus admin list --json"]))
    .action(async ({ stack }: OnStack) => {
      const accounts = await (await openAppAdmin(ctx, stack)).accounts();
      ctx.printJson({ stack, accounts });
      const rows = accounts.map(({ email, role, disabled, createdAt, conversations, documents, keys }) => [
        email,
        disabled ? `${role}, disabled` : role,
        createdAt.slice(0, 10),
        ...[conversations, documents, keys].map(String),
      ]);
      ctx.print(alignColumns([["E-MAIL", "ROLE", "SINCE", "CONVERSATIONS", "DOCUMENTS", "KEYS"], ...rows]));
    });
}

function registerExport(admin: Command, ctx: CliContext): void {
  admin
    .command("export")
    .description("all that is kept of a person, a JSON line each")
    .argument("<e-mail>", "the account's address")
    .option("--out <file>", "write a new file that only you may read (default: standard output)")
    .option("--stack <stack>", "stack to work on", defaultStack)
    .addHelpText(
      "after",
      examples(["./fidus admin export ada@example.com --out ada.ndjson", "./fidus admin export ada@example.com | jq .type"]),
    )
    .action(async (email: string, { stack, out }: OnStack & { readonly out?: string }) => {
      const app = await openAppAdmin(ctx, stack);
      const account = await app.account(email);
      if (out !== undefined) {
        const counts = await ctx.progress.step(`Export ${account.email}`, () => exportToFile(app, account.email, out));
        ctx.printJson({ email: account.email, file: resolve(out), counts });
        const found = Object.entries(counts).map(([type, count]) => `${count} ${type}`);
        return ctx.print(`${resolve(out)}: ${found.join(", ")}. Only you may read it.`);
      }
      const lines: unknown[] = [];
      await exportLines(app, account.email, (line) => (ctx.json ? void lines.push(JSON.parse(line)) : ctx.print(line)));
      ctx.printJson({ email: account.email, lines });
    });
}

function registerErase(admin: Command, ctx: CliContext): void {
  admin
    .command("erase")
    .description("erase a person for ever: the key of their data, then the data")
    .argument("<e-mail>", "the account's address")
    .option("--stack <stack>", "stack to work on", defaultStack)
    .addHelpText("after", examples(["./fidus admin erase ada@example.com", "./fidus admin erase ada@example.com --yes"]))
    .action(async (email: string, { stack }: OnStack) => {
      const app = await openAppAdmin(ctx, stack);
      const account = await app.account(email);
      if (!(await ctx.confirm(`Erase ${account.email} for ever, with ${holdings(account)}?`))) {
        throw new CliError("nothing was erased", { code: "declined" });
      }
      const { conversations, documents, keys } = await ctx.progress.step(`Erase ${account.email}`, () =>
        app.erase(account.email),
      );
      ctx.printJson({ email: account.email, erased: true, conversations, documents, keys });
      ctx.print(
        `Erased ${account.email}: the key of their data, ${holdings({ conversations, documents, keys })}.\n` +
          "Backups of keys that are older than this must go: docs/privacy.md.",
      );
    });
}

/** What goes with an account, in words. */
function holdings({ conversations, documents, keys }: Omit<Erased, "email">): string {
  const some = (count: number, one: string): string => `${count} ${one}${count === 1 ? "" : "s"}`;
  return `${some(conversations, "conversation")}, ${some(documents, "document")} and ${some(keys, "API key")}`;
}

function registerSeal(admin: Command, ctx: CliContext): void {
  admin
    .command("seal")
    .description("seal everything with the newest encryption key now, and show which keys are still needed")
    .option("--stack <stack>", "stack to work on", defaultStack)
    .addHelpText("after", examples(["./fidus admin seal", "./fidus admin seal --json"]))
    .action(async ({ stack }: OnStack) => {
      const app = await openAppAdmin(ctx, stack);
      const { unsealed, ring, lost } = await ctx.progress.step("Seal with the newest key", () => app.seal());
      ctx.printJson({ unsealed, ring, lost });
      const keys = ring.map(
        ({ key, dataKeys }, index) => `Key ${key}  opens ${dataKeys} people's data${index === 0 ? " (newest)" : ""}`,
      );
      ctx.print([...keys, `In clear: ${unsealed} rows`, `Without a key: ${lost} people's data`].join("\n"));
      if (lost > 0) ctx.notice("Put the key that was taken away back: docs/privacy.md#keys");
    });
}
