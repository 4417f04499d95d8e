import { configDefaults, defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { excludedFiles, tierNames, tiers } from "./tests/tiers.ts";

/** The files that take longest, of each tier the longest first: at the end they would run alone. */
const longest = [
  "interrupts.docker.test.ts",
  "egress.docker.test.ts",
  "up-killed-enterprise.engine.test.ts",
  "keys.engine.test.ts",
  "up-killed-hetzner.engine.test.ts",
  "enterprise.engine.test.ts",
  "up-clouds.engine.test.ts",
];
/** What clients see of a product under load needs the machine: it begins when little else is left. */
const last = ["replacement.docker.test.ts"];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const name = moduleId.split("/").at(-1) ?? "";
      const found = longest.indexOf(name);
      return found < 0 ? longest.length + Number(last.includes(name)) : found;
    };
    return (await super.sort(files)).toSorted((a, b) => place(a) - place(b));
  }
}

// One project per tier: `npx vitest run --project unit`. `./fidus test` adds what the tiers need and counts (tests/run.ts).
export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: tierNames.map((name, index) => {
      const { files, testTimeout, hookTimeout, filesAtOnce } = tiers[name];
      return {
        extends: true as const,
        test: {
          name,
          include: [...files],
          exclude: [...configDefaults.exclude, ".fidus/**", ...excludedFiles(name)],
          pool: "forks" as const,
          testTimeout,
          hookTimeout,
          ...(filesAtOnce === "all" ? {} : { maxWorkers: filesAtOnce }),
          // Projects of different parallelism may not share a group.
          sequence: { groupOrder: index },
          // Deep stacks are what one wants to read in a failed test; the engine itself runs with none.
          execArgv: ["--stack-trace-limit=50"],
        },
      };
    }),
  },
});
