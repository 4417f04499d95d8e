import { parseConfig } from "../config/parse.ts";
import type { StackConfig } from "../config/read.ts";
import { complete, secretNames } from "../config/testing.ts";
import { throwIfAny } from "../core/errors.ts";
import { proPlan, type ProPlan } from "./pro-plan.ts";

/** For tests: the plan of a complete pro configuration with changes. Throws when the rules refuse it. */
export function proPlanOf(changes: Readonly<Record<string, string>> = {}): ProPlan {
  const { values, problems } = parseConfig("pro", { ...complete.pro, ...changes }, secretNames);
  throwIfAny("pro", problems);
  return proPlan(values as unknown as StackConfig<"pro">);
}
