import type { Command } from "commander";
import { checkConfiguration } from "../config-check.ts";
import type { CliContext } from "../context.ts";
import { examples } from "../program.ts";

/** `./fidus config check STACK`: every problem of a configuration at once, without touching what runs. */
export function register(program: Command, ctx: CliContext): void {
  program
    .command("config")
    .description("look at a stack's configuration")
    .command("check")
    .description("name every problem of the configuration at once; changes nothing and asks no cloud")
    .argument("<stack>", "a stack, or the NAME of an enterprise installation: then all its stacks")
    .addHelpText("after", examples(["./fidus config check acme", "./fidus config check acme --json | jq '.error.problems'"]))
    .action(async (name: string) => {
      const { stacks, warnings } = await checkConfiguration(ctx, name);
      ctx.printJson({ ok: true, stacks: stacks.map(({ stack, edition }) => ({ stack, edition })), warnings });
      ctx.print(stacks.map(({ stack, edition }) => `${stack}: ok (${edition})`).join("\n"));
    });
}
