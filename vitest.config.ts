import { configDefaults, defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { excludedFiles, tierNames, tiers } from "./tests/tiers.ts";

/** The file that takes longest begins first: at the end it would run alone. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLongest = ({ moduleId }: TestSpecification): number => Number(moduleId.endsWith("/interrupts.docker.test.ts"));
    return (await super.sort(files)).toSorted((a, b) => isLongest(b) - isLongest(a));
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
