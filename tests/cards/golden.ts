import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildCard, parseUsage, readPlan, renderMarkdown, type Card } from "../../cost/index.ts";

/** Day of the golden cards: that of the price tables. */
const today = "2026-11-21";

/** Where the golden cards are. */
const goldenFolder = import.meta.dirname;

interface Texts {
  readonly json: string;
  readonly markdown: string;
}

/**
 * The card of a preview that the real engine made, as a test sees it and as it is committed beside this file ("" where it is
 * not). With FIDUS_CARDS=write it is written there first. `usage`: a usage file, as text.
 */
export function goldenCard(name: string, preview: string, usage?: string): { readonly seen: Texts; readonly committed: Texts } {
  const options = usage === undefined ? { today } : { today, usage: parseUsage(usage, "usage.yaml") };
  const card = buildCard(readPlan(preview, `the preview of ${name}`), options);
  const seen = { json: linesOf(card), markdown: `${renderMarkdown(card)}\n` };
  const files = { json: join(goldenFolder, `${name}.json`), markdown: join(goldenFolder, `${name}.md`) };
  if (process.env["FIDUS_CARDS"] === "write") {
    writeFileSync(files.json, seen.json);
    writeFileSync(files.markdown, seen.markdown);
  }
  const read = (file: string): string => (existsSync(file) ? readFileSync(file, "utf8") : "");
  return { seen, committed: { json: read(files.json), markdown: read(files.markdown) } };
}

/** JSON with one resource a line, so that a change of one is a change of one line. */
function linesOf(card: Card): string {
  const fields = Object.entries(card).map(([key, value]) => {
    const list = Array.isArray(value) && value.length > 0;
    const text = list ? `[\n${value.map((one) => `  ${JSON.stringify(one)}`).join(",\n")}\n ]` : JSON.stringify(value);
    return ` ${JSON.stringify(key)}: ${text}`;
  });
  return `{\n${fields.join(",\n")}\n}\n`;
}
