import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { format } from "prettier";
import { z } from "zod";
import { resultsFolder } from "./run.ts";

const requirementSchema = z.strictObject({
  id: z.string().regex(/^[A-Z]-\d\d$/),
  title: z.string().min(3),
  /** Why it is not part of what exists today. */
  later: z.string().optional(),
  /** Why it will not be built as written. */
  declined: z.string().optional(),
});

export type Requirement = z.infer<typeof requirementSchema>;

const runSchema = z.object({
  commit: z.string(),
  startedAt: z.string(),
  tiers: z.array(
    z.object({
      tier: z.string(),
      ran: z.boolean(),
      tests: z.array(z.object({ file: z.string(), name: z.string(), status: z.enum(["passed", "failed", "skipped"]) })),
    }),
  ),
});

export type RecordedRun = z.infer<typeof runSchema>;

/** The requirement ids that a test's name claims: "… [C-07] [R-01]". */
export function tagsOf(name: string): string[] {
  return [...name.matchAll(/\[([A-Z]-\d\d)\]/g)].map(([, id = ""]) => id);
}

/** docs/requirements.md as text. Throws when a test claims an id that no requirement has. */
export function renderRequirements(requirements: readonly Requirement[], run: RecordedRun): string {
  const tests = run.tiers.flatMap(({ tests }) => tests);
  const known = new Set(requirements.map(({ id }) => id));
  const unknown = tests.flatMap(({ name }) => tagsOf(name)).filter((id) => !known.has(id));
  if (unknown.length > 0) throw new Error(`tests claim requirements that do not exist: ${[...new Set(unknown)].join(", ")}`);
  const rows = requirements.map((requirement) => renderRow(requirement, tests));
  const done = rows.filter((row) => row.includes("| done |")).length;
  return [
    "# Requirements",
    "",
    "Written by `npm run docs:requirements` from the last run of the tests; do not edit.",
    "**done** = a test that carries the id passed in that run and none that carries it failed. A passing test shows what it tests, no more.",
    "",
    `Run: ${run.startedAt}, commit ${run.commit}; tiers that ran: ${ranTiers(run)}. ${done} of ${requirements.length} done.`,
    "",
    "| id | what | status | test or reason |",
    "| --- | --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
}

function ranTiers({ tiers }: RecordedRun): string {
  const ran = tiers.filter(({ ran }) => ran).map(({ tier }) => tier);
  return ran.length === 0 ? "none" : ran.join(", ");
}

function renderRow({ id, title, later, declined }: Requirement, tests: RecordedRun["tiers"][number]["tests"]): string {
  const claiming = tests.filter(({ name }) => tagsOf(name).includes(id));
  const of = (status: string): typeof claiming => claiming.filter((test) => test.status === status);
  const [passed] = of("passed");
  const [failed] = of("failed");
  const row = (status: string, text: string): string => `| ${id} | ${escape(title)} | ${status} | ${escape(text)} |`;
  if (failed !== undefined) return row("later", `fails: ${failed.name} (${failed.file})`);
  if (passed !== undefined) {
    const more = of("passed").length - 1;
    return row("done", `${passed.name} (${passed.file}${more > 0 ? `, and ${more} more` : ""})`);
  }
  if (declined !== undefined) return row("declined", declined);
  return row("later", later ?? "in work: no test that carries it passed in this run");
}

/** A table cell: one line, no bar, no angle brackets that would read as HTML. */
function escape(text: string): string {
  return text.replaceAll("\n", " ").replaceAll("|", "\\|").replaceAll("<", "&lt;");
}

/**
 * What a written table says otherwise than the list of requirements and the ids that tests' names carry: [] when nothing. Reasons
 * and names of tests may have changed since the run that it was written from.
 */
export function outOfStep(table: string, requirements: readonly Requirement[], claimed: ReadonlySet<string>): string[] {
  const rows = new Map<string, { title: string; status: string }>();
  for (const [, id = "", title = "", status = ""] of table.matchAll(/^\| ([A-Z]-\d\d) \| (.+?) +\| (done|later|declined) +\|/gm))
    rows.set(id, { title, status });
  const here = new Set(requirements.map(({ id }) => id));
  const lost = [...rows.keys()].filter((id) => !here.has(id)).map((id) => `${id} is no requirement here`);
  const wrong = requirements.flatMap(({ id, title, declined }) => {
    const row = rows.get(id);
    if (row === undefined) return [`${id} is not there`];
    return [
      ...(plainText(row.title) === plainText(escape(title)) ? [] : [`${id} is “${row.title}” there and “${title}” here`]),
      ...(row.status === "done" && !claimed.has(id) ? [`${id} is done there, and no test's name carries it`] : []),
      ...(row.status === "declined" && declined === undefined ? [`${id} is declined there and not here`] : []),
    ];
  });
  return [...lost, ...wrong];
}

/** Without what prettier adds to a cell. */
function plainText(cell: string): string {
  return cell.replaceAll("\\", "").trim();
}

/** The committed list of requirements. Throws when it is malformed or names an id twice. */
export async function readRequirements(root: string): Promise<Requirement[]> {
  const list = z.array(requirementSchema).parse(JSON.parse(await readFile(join(root, "tests/requirements.json"), "utf8")));
  const twice = list.map(({ id }) => id).filter((id, index, ids) => ids.indexOf(id) !== index);
  if (twice.length > 0) throw new Error(`tests/requirements.json has ${twice.join(", ")} twice`);
  return list;
}

if (process.argv[1] === import.meta.filename) {
  const root = join(import.meta.dirname, "..");
  const run = runSchema.parse(JSON.parse(await readFile(join(root, resultsFolder, "run.json"), "utf8")));
  const text = renderRequirements(await readRequirements(root), run);
  const path = join(root, "docs/requirements.md");
  await writeFile(path, await format(text, { parser: "markdown", printWidth: 130 }));
  process.stdout.write(`${path}\n`);
}
