import { configDefaults, defineConfig } from "vitest/config";
import { excludedFiles, tierNames, tiers } from "./tests/tiers.ts";

// One project per tier: `npx vitest run --project unit`. `./fidus test` adds what the tiers need and counts (tests/run.ts).
export default defineConfig({
  test: {
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
