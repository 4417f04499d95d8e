import type { Command } from "commander";
import { plannedResources, readPlan, refuseFailed } from "../../cost/plan/read.ts";
import { checkPolicies, rules } from "../../cost/policies/index.ts";
import type { Finding } from "../../cost/policies/policy.ts";
import { plain } from "../../cost/render/safe.ts";
import type { CliContext } from "../context.ts";
import { addGpuLimit, type GivenLimits } from "../gpu-limit.ts";
import { readPlanFile } from "../plan-file.ts";
import { examples } from "../program.ts";

interface Flags extends GivenLimits {
  readonly plan: string;
}

/** `./fidus policy --plan FILE`: what a recorded preview breaks; needs no engine, stack or credentials. */
export function register(program: Command, ctx: CliContext): void {
  const command = program
    .command("policy")
    .description("check a recorded preview against the rules for what may be deployed; exit 3 when one is broken")
    .requiredOption("--plan <file>", "what `pulumi preview --json --show-sames` printed; - reads it from standard input");
  addGpuLimit(command)
    .addHelpText("after", `\nRules:\n${ruleList()}\n`)
    .addHelpText(
      "after",
      examples([
        "pulumi preview --stack starter --json --show-sames > plan.json; ./fidus policy --plan plan.json",
        "pulumi preview --stack starter --json --show-sames | ./fidus policy --plan - --json | jq '.findings[].rule'",
      ]),
    )
    .action(async ({ plan: file, maxGpus }: Flags) => {
      const plan = readPlan(await readPlanFile(file, ctx.signal), file);
      refuseFailed(plan, file);
      const resources = plannedResources(plan).length;
      const findings = checkPolicies(plan, { maxGpus });
      ctx.print(`${findings.map(line).join("\n")}${findings.length > 0 ? "\n\n" : ""}${headline(findings, resources)}`);
      ctx.printJson({ ok: findings.length === 0, resources, rules: Object.keys(rules), findings });
      ctx.setExitCode(findings.length === 0 ? 0 : 3);
    });
}

function ruleList(): string {
  return Object.entries(rules)
    .map(([name, about]) => `  ${name.padEnd(14)}  ${about}`)
    .join("\n");
}

/** One line for a terminal or a log. Names are those of a plan, which may be anybody's. */
export function line({ rule, level, urn, message, fix }: Finding): string {
  return `${level === "unknown" ? "?" : "✗"} ${rule}: ${plain(resourceOf(urn))}: ${plain(message)}. ${plain(fix)}`;
}

/** Type and name: all behind the stack and the project, as a name may hold `::`. */
function resourceOf(urn: string): string {
  const [type = urn, ...name] = urn.split("::").slice(2);
  return [type, name.join("::")].join(" ").trim();
}

function headline(findings: readonly Finding[], resources: number): string {
  const unknowns = findings.filter(({ level }) => level === "unknown").length;
  if (findings.length === 0) return `${resources} resources keep every rule.`;
  return `${resources} resources: ${findings.length - unknowns} rules broken, ${unknowns} cannot be told before the deployment.`;
}
