import { editions, type KeySpec } from "../spec.ts";

export const environments = ["development", "staging", "production"] as const;
export type EnvironmentName = (typeof environments)[number];

/** Keys that every stack has. */
export const commonKeys = {
  edition: {
    type: "choice",
    allowed: editions,
    editions,
    effect: "refused",
    about: "Which edition this stack is; apart from the stack's name. Enterprise is one global stack and one per region.",
  },
  installation: {
    type: "string",
    form: { pattern: /^[0-9a-f]{6}$/, rule: "six hexadecimal characters" },
    editions,
    effect: "refused",
    in: { starter: { effect: "update" }, pro: { effect: "update" } },
    by: "fidus",
    example: "a1b2c3",
    about: "Installation id, part of every name and label.",
  },
  environment: {
    type: "choice",
    allowed: environments,
    default: "production",
    editions,
    effect: "restart",
    in: {
      "enterprise-global": { effect: "update" },
      "enterprise-region": { effect: "update" },
      starter: { effect: "update" },
      pro: { effect: "update" },
    },
    about: "Which environment this is; environments differ by their configuration only.",
  },
} as const satisfies Record<string, KeySpec>;
