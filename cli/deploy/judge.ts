import { buildCard, readPlan, renderTerminal, type Card, type CardOptions } from "../../cost/index.ts";
import { checkPolicies, type PolicyLimits } from "../../cost/policies/index.ts";
import type { Finding } from "../../cost/policies/policy.ts";
import type { RecordedPreview } from "../engine.ts";
import { CliError } from "../errors.ts";

/** What speaks for and against one stack's plan. */
export interface Judgement {
  readonly stack: string;
  readonly card: Card;
  readonly findings: readonly Finding[];
}

/** What plans are held to. */
export interface Limits {
  readonly card: CardOptions;
  readonly policies: PolicyLimits;
}

/** The card and the policies of a plan. Throws exit 2 for limits that do not fit it. */
export function judge(stack: string, { text, exitCode }: RecordedPreview, { card, policies }: Limits): Judgement {
  const plan = readPlan(text, `the preview of ${stack}`);
  // What may be lost in one stack of a name is not in the plan of another.
  const allowDataLoss = new Set([...(card.allowDataLoss ?? [])].filter((urn) => urn.startsWith(`urn:pulumi:${stack}::`)));
  return {
    stack,
    card: buildCard(plan, { ...card, allowDataLoss, engineExit: exitCode }),
    findings: checkPolicies(plan, policies),
  };
}

/** The card as people read it. */
export function shown({ card }: Judgement): string {
  return renderTerminal(card, { color: false });
}

/** Throws exit 3 with every reason of every stack. */
export function requireAllowed(judgements: readonly Judgement[]): void {
  const problems = judgements.flatMap(({ stack, card, findings }) => [
    ...card.verdict.reasons.map((got) => ({
      ...{ path: stack, got, rule: "a plan within its limits", fix: "Change the plan, or the limit: docs/cost-card.md" },
    })),
    ...findings.map(({ rule, urn, message, fix }) => ({
      ...{ path: `${stack}: ${urn.split("::").at(-1) ?? urn}`, got: message, rule: `the policy ${rule} to be kept`, fix },
    })),
  ]);
  if (problems.length === 0) return;
  throw new CliError("the plan is refused; nothing was changed", { exitCode: 3, code: "refused", problems });
}
