import { readFileSync } from "node:fs";
import { join } from "node:path";
import { checkout } from "../tests/docker/product.ts";
import { resultsFolder, type RunRecord } from "../tests/run.ts";
import { countTier } from "../tests/results.ts";
import { writeSection, type Figure } from "./report.ts";

/** What the last `npm test` of this checkout took, and what its tests measured by the way. Runs nothing. */
const record = JSON.parse(readFileSync(join(checkout, resultsFolder, "run.json"), "utf8")) as RunRecord;
const ran = record.tiers.filter((tier) => tier.ran);
const tests = ran.flatMap((tier) => tier.tests);
const interrupted = tests.filter(({ name }) => name.endsWith("one plain up converges"));
const converged = interrupted.filter(({ status }) => status === "passed").length;

const whole = ran.reduce((sum, { seconds }) => sum + seconds, 0);
const figures: Figure[] = [
  { name: `**all of ${ran.map(({ tier }) => tier).join(", ")}**`, values: [whole], unit: "s", goal: "≤ 15 min, caches warm" },
  ...ran.map((tier) => ({ name: `tier ${tier.tier}, ${describe(tier)}`, values: [tier.seconds], unit: "s" as const })),
  ...tests.flatMap(({ figure }) =>
    figure === undefined ? [] : [{ name: figure.name, values: [figure.seconds], unit: "s" as const, goal: figure.goal }],
  ),
  ...(interrupted.length === 0
    ? []
    : [
        {
          name: "interrupted `up` (SIGINT, SIGKILL), then one plain `up`: converged",
          values: [converged],
          unit: "count" as const,
          goal: `${interrupted.length} of ${interrupted.length}`,
        },
      ]),
];
writeSection("Tests", "npm test && node bench/tests.ts", figures, [
  `The figures are those of the run of ${record.startedAt}, commit ${record.commit}; date, commit and load above are those of the writing.`,
]);

function describe(tier: RunRecord["tiers"][number]): string {
  const { passed, failed, skipped } = countTier(tier, record.strict);
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}
