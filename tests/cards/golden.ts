import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildCard, parseUsage, readPlan, renderMarkdown, type Card } from "../../cost/index.ts";

/** Day of the golden cards: that of the price tables. */
const today = "2026-11-21";

/** Where previews are kept as the engine printed them. */
const recordings = join(import.meta.dirname, "../recordings");

/** Where the golden cards are. */
const goldenFolder = import.meta.dirname;

interface Texts {
  readonly json: string;
  readonly markdown: string;
}

/**
 * The card of a preview that the real engine made, as a test sees it and as it is committed beside this file ("" where it is
 * not). With FIDUS_CARDS=write it is written there first; with FIDUS_CARDS=record the preview itself is kept too, where one of
 * its name is. `usage`: a usage file, as text.
 */
export function goldenCard(name: string, preview: string, usage?: string): { readonly seen: Texts; readonly committed: Texts } {
  const options = usage === undefined ? { today } : { today, usage: parseUsage(usage, "usage.yaml") };
  const card = buildCard(readPlan(preview, `the preview of ${name}`), options);
  const seen = { json: linesOf(card), markdown: `${renderMarkdown(card)}\n` };
  const files = { json: join(goldenFolder, `${name}.json`), markdown: join(goldenFolder, `${name}.md`) };
  const wanted = process.env["FIDUS_CARDS"];
  if (wanted === "write" || wanted === "record") {
    writeFileSync(files.json, seen.json);
    writeFileSync(files.markdown, seen.markdown);
  }
  const recording = join(recordings, `${name}.json`);
  if (wanted === "record" && existsSync(recording)) writeFileSync(recording, `${withoutPlaces(preview)}\n`);
  const read = (file: string): string => (existsSync(file) ? readFileSync(file, "utf8") : "");
  return { seen, committed: { json: read(files.json), markdown: read(files.markdown) } };
}

/** Where a resource was made, how long it took and what was said meanwhile is not read by a card, and differs between machines. */
function withoutPlaces(preview: string): string {
  const left = /^(source.*|duration|diagnostics)$/;
  return JSON.stringify(JSON.parse(preview), (key, value: unknown) => (left.test(key) ? undefined : value), 1);
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
