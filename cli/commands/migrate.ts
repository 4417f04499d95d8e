import type { Command } from "commander";
import { openAppAdmin, type Schema } from "../app-admin.ts";
import type { CliContext } from "../context.ts";
import { examples } from "../program.ts";
import { defaultStack } from "../stacks.ts";

/** `./fidus migrate [STACK]`: brings the database to the schema of the running version, or says where it stands. `up` does it by itself. */
export function register(program: Command, ctx: CliContext): void {
  program
    .command("migrate")
    .description("bring the database to the running version's schema, as after a restore; `up` does it by itself")
    .argument("[stack]", "stack whose database is meant", defaultStack)
    .option("--status", "say where the database stands, and change nothing", false)
    .addHelpText("after", examples(["./fidus migrate --status", "./fidus migrate acme", "./fidus migrate --json"]))
    .action(async (stack: string, { status }: { readonly status: boolean }) => {
      const app = await openAppAdmin(ctx, stack);
      if (status) {
        const schema = await app.schema();
        ctx.printJson({ stack, ...schema });
        return ctx.print(standing(schema));
      }
      const { from, to, applied } = await ctx.progress.step("Migrations", () => app.migrate());
      ctx.printJson({ stack, from, to, applied });
      ctx.print(applied.length === 0 ? `Schema ${to}: nothing to do.` : `Schema ${from} to ${to}: ${applied.join(", ")}.`);
    });
}

/** For people: where a database stands. */
export function standing({ version, latest, pending, unknown, floor }: Schema): string {
  const lines = [`Schema ${version}; this version has ${latest}.`];
  if (pending.length > 0) lines.push(`To be applied: ${pending.join(", ")}. ./fidus migrate`);
  if (unknown.length > 0) lines.push(`Of a newer version: ${unknown.join(", ")}.`);
  lines.push(`Versions from schema ${floor} on may be put back (docs/community.md, Undo an update).`);
  return lines.join("\n");
}
