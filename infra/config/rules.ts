import { regionWarning, type AwsRegion } from "../core/aws-regions.ts";
import type { Problem } from "../core/errors.ts";
import { communityRules } from "./rules/community.ts";
import { globalRules, regionRules } from "./rules/enterprise.ts";
import { starterRules } from "./rules/hosts.ts";
import { proRules } from "./rules/pro.ts";
import type { Rule } from "./rules/rule.ts";
import type { Edition } from "./spec.ts";
import type { ConfigOf } from "./types.ts";

/** Combinations of keys that each edition refuses. */
const rules: { readonly [E in Edition]: readonly Rule<ConfigOf<E>>[] } = {
  community: communityRules,
  starter: starterRules,
  pro: proRules,
  "enterprise-global": globalRules,
  "enterprise-region": regionRules,
};

/** Problems of keys that are right alone and wrong together; keys in `broken` are left out, for their values mean nothing. */
export function combinationProblems<E extends Edition>(
  edition: E,
  config: ConfigOf<E>,
  broken: ReadonlySet<string>,
): readonly Problem[] {
  return rules[edition].flatMap(({ reads, check }) => (reads.some((key) => broken.has(key)) ? [] : check(config)));
}

/** What is allowed and yet worth a word, one sentence each. */
export function configWarnings(config: object): string[] {
  const regions = Object.entries(config).filter(([name]) => /^(primary|secondary)Region$/.test(name));
  const poor = regions.map(([, region]) => regionWarning(region as AwsRegion)).filter((warning) => warning !== null);
  return [...poor, ...copyWarnings(config as Partial<ConfigOf<"enterprise-region">>)];
}

function copyWarnings({ environment, peerExists, peerRegion }: Partial<ConfigOf<"enterprise-region">>): string[] {
  if (environment !== "production" || peerExists !== false) return [];
  return [`backups are not copied to ${peerRegion}: when its stack exists, pulumi config set peerExists true`];
}
