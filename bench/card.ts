import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startCli } from "../cli/testing.ts";
import { recordedStarter } from "../tests/recorded-preview.ts";
import { timed, writeSection, type Figure } from "./report.ts";

const runs = 5;

/** Seconds from the start of the process to the end of the card, by the number of resources. */
const home = mkdtempSync(join(tmpdir(), "fidus-card-"));
try {
  const figures: Figure[] = [];
  for (const [count, goal] of [
    [1_000, "< 1 s"],
    [10_000, "< 6 s"],
  ] as const) {
    const values: number[] = [];
    const file = plan(count);
    for (let run = 0; run < runs; run++) values.push(await cardOf(file));
    figures.push({ name: `${count.toLocaleString("en")} resources read, priced and rendered`, values, unit: "s", goal });
  }
  writeSection("The card", "node bench/card.ts", figures, ["Process start included; every resource is priced on both sides."]);
} finally {
  rmSync(home, { recursive: true, force: true });
}

/** A third of them change, and all are of the starter edition's types. */
function plan(count: number): string {
  const kinds = recordedStarter().steps.filter(({ newState }) => newState?.["provider"] !== undefined);
  const steps = Array.from({ length: count }, (_, index) => {
    const step = kinds[index % kinds.length];
    return { ...step, op: index % 3 === 0 ? "update" : "same", urn: `${step?.urn}-${index}` };
  });
  const file = join(home, `${count}.json`);
  writeFileSync(file, JSON.stringify({ steps }));
  return file;
}

async function cardOf(file: string): Promise<number> {
  const { seconds, result } = await timed(() => startCli(home, ["preview", "--plan", file, "--today", "2026-11-21"]).ended);
  if (result.code !== 0) throw new Error(`exit ${result.code}: ${result.stderr}`);
  return seconds;
}
