import type { PlannedResource } from "../plan/read.ts";

/** What a rule found on a resource of a plan. */
export interface Finding {
  readonly rule: string;
  /** The resource; the stack's name for a key of its config. */
  readonly urn: string;
  /** unknown: the value comes only with the deployment, so that nobody can say the rule holds. */
  readonly level: "violation" | "unknown";
  /** Input and what is wrong with it, one sentence. */
  readonly message: string;
  /** What to do. */
  readonly fix: string;
}

/** Part of a finding that a rule writes itself. */
export type Said = Pick<Finding, "level" | "message">;

/** One rule over the resources of a plan, each by itself. */
export interface Policy {
  /** What has to hold, one sentence. */
  readonly about: string;
  readonly fix: string;
  check(resource: PlannedResource): readonly Said[];
}

export const violation = (message: string): Said => ({ level: "violation", message });
export const unknown = (what: string): Said => ({ level: "unknown", message: `${what} is known only after the deployment` });
