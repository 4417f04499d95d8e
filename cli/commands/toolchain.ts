import { Argument, type Command } from "commander";
import { cloudNames, inspectToolchain, type CloudName, type ToolchainReport } from "../../toolchain/index.ts";
import type { CliContext } from "../context.ts";
import { prepareToolchain } from "../host-check.ts";
import { examples } from "../program.ts";
import { elapsed } from "../progress.ts";

/** `./fidus toolchain`: completes the engine and its plugins, and says where each part came from. */
export function register(program: Command, ctx: CliContext): void {
  program
    .command("toolchain")
    .description("get the engine and its plugins onto this machine, and list where each part came from")
    .addArgument(new Argument("[clouds...]", "clouds whose plugins are needed too").choices(cloudNames))
    .option("--check", "only look; exit 1 when a part is missing", false)
    .addHelpText(
      "after",
      examples([
        "./fidus toolchain",
        "./fidus toolchain hcloud cloudflare",
        "./fidus toolchain --check --json",
        "FIDUS_TOOLCHAIN_SOURCE=build ./fidus toolchain",
      ]),
    )
    .action(async (clouds: CloudName[], options: { check: boolean }) =>
      options.check ? check(ctx, clouds) : complete(ctx, clouds),
    );
}

async function complete(ctx: CliContext, clouds: readonly CloudName[]): Promise<void> {
  show(ctx, await ctx.progress.step("toolchain", (step) => prepareToolchain(ctx, step, clouds)));
}

async function check(ctx: CliContext, clouds: readonly CloudName[]): Promise<void> {
  const report = await inspectToolchain({ paths: { root: ctx.paths.toolchain }, env: ctx.env, clouds });
  if (report !== null) return show(ctx, report);
  ctx.print(`The toolchain is not complete. ${["./fidus toolchain", ...clouds].join(" ")}`);
  ctx.printJson({ complete: false, parts: [] });
  ctx.setExitCode(1);
}

function show(ctx: CliContext, report: ToolchainReport): void {
  ctx.printJson({ complete: true, ...report });
  ctx.print(
    report.parts
      .map(({ part, version, source, origin, trust, ms }) => {
        const how = source === "cache" ? `cached (${origin})` : `${source} in ${elapsed(ms)}`;
        return `${part.padEnd(14)} ${version.padEnd(9)} ${how.padEnd(18)} ${trust}`;
      })
      .join("\n"),
  );
}
