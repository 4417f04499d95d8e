import type { KeyName } from "../../../infra/config/keys.ts";
import { global, region } from "./enterprise.ts";
import { pro } from "./pro.ts";
import { starter } from "./starter.ts";

/** Every key of the editions whose stacks are changed here. */
export const keyRuns = { starter, pro, "enterprise-global": global, "enterprise-region": region } as const;

/** Keys whose effect only shows on another stack than the recorded ones, and the test that has one. */
export const shownElsewhere: Readonly<Record<keyof typeof keyRuns, readonly KeyName[]>> = {
  starter: ["dnsZone"], // starter.engine.test.ts
  pro: ["dnsZone"], // effects.engine.test.ts
  "enterprise-global": [],
  "enterprise-region": ["timeZone"], // enterprise-development.engine.test.ts
};
