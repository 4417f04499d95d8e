import type { Need } from "./needs.ts";

/** What a tier is: which files belong to it and what they need. */
export interface Tier {
  /** What is real in it, in a few words. */
  readonly about: string;
  readonly files: readonly string[];
  readonly needs: readonly Need[];
  /** Bound of one test, in milliseconds; longer ones set their own. */
  readonly testTimeout: number;
  /** Bound of one set-up or clean-up, in milliseconds. */
  readonly hookTimeout: number;
  /** Test files at the same time: as many as there are processors, or so many. Those of two tiers never overlap. */
  readonly filesAtOnce: "all" | number;
}

const second = 1000;
const minute = 60 * second;

/** Every tier, in the order in which a whole run takes them: the cheapest first. */
export const tiers = {
  unit: {
    about: "pure code",
    files: ["**/*.test.ts"],
    needs: [],
    testTimeout: 10 * second,
    hookTimeout: 20 * second,
    filesAtOnce: "all",
  },
  lint: {
    about: "eslint, prettier, tsc, git hooks",
    files: ["**/*.lint.test.ts"],
    needs: [],
    testTimeout: minute,
    hookTimeout: minute,
    filesAtOnce: 1,
  },
  render: {
    about: "rendered files, read by the programs they are for",
    files: ["**/*.render.test.ts"],
    needs: ["shellcheck", "nginx", "sshd"],
    testTimeout: 30 * second,
    hookTimeout: minute,
    filesAtOnce: "all",
  },
  engine: {
    about: "the Pulumi engine and its providers",
    files: ["**/*.engine.test.ts"],
    needs: ["toolchain", "sshd", "postgres", "jq"],
    testTimeout: 2 * minute,
    hookTimeout: 5 * minute,
    filesAtOnce: 2,
  },
  docker: {
    about: "containers, PostgreSQL, Redis, a real model, Debian 13 hosts",
    files: ["**/*.docker.test.ts", "**/*.pg.test.ts"],
    needs: ["docker", "toolchain", "postgres", "redis", "registry", "ssh", "mmdebstrap", "llama", "python"],
    testTimeout: 5 * minute,
    hookTimeout: 20 * minute,
    // Much of their time is waiting; every file has ids, ports and folders of its own.
    filesAtOnce: 2,
  },
  browser: {
    about: "the chat page in Chromium",
    files: ["**/*.browser.test.ts"],
    needs: ["docker", "toolchain", "postgres", "chromium"],
    testTimeout: 2 * minute,
    hookTimeout: 20 * minute,
    filesAtOnce: 1,
  },
} as const satisfies Record<string, Tier>;

export type TierName = keyof typeof tiers;

export const tierNames = Object.keys(tiers) as readonly TierName[];

export function isTierName(name: string): name is TierName {
  return Object.hasOwn(tiers, name);
}

/** Files of the other tiers that a tier's patterns would match too: `x.docker.test.ts` is not a unit test. */
export function excludedFiles(name: TierName): string[] {
  if (name !== "unit") return [];
  return tierNames.filter((other) => other !== name).flatMap((other) => [...tiers[other].files]);
}
