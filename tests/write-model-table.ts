import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { format } from "prettier";
import { models } from "../infra/core/models.ts";

/** File that holds the table of models between its two markers. */
export const modelDocs = "docs/llm-runtimes.md";

const start = "<!-- models:start -->";
const end = "<!-- models:end -->";

/** The document with the table of models as it must be now. Throws when the markers are gone. */
export async function withModelTable(document: string): Promise<string> {
  const [before, rest] = document.split(start);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) throw new Error(`${modelDocs} needs ${start} and ${end}`);
  const rows = models.map(({ id, title, minFreeMemoryGB, bytes, licence, licenceUrl, demo, automatic }) => {
    const picked = demo ? "demo" : automatic ? "by itself" : "by name";
    return `| \`${id}\` | ${title} | ${minFreeMemoryGB} GB | ${(bytes / 1e9).toFixed(1)} GB | ${picked} | [${licence}](${licenceUrl}) |`;
  });
  const table = [
    "| `model` | name | free memory | download | picked | licence |",
    "| --- | --- | --- | --- | --- | --- |",
    ...rows,
  ];
  return await format(`${before}${start}\n\n${table.join("\n")}\n\n${end}${after}`, { parser: "markdown", printWidth: 130 });
}

if (process.argv[1] === import.meta.filename) {
  const path = join(import.meta.dirname, "..", modelDocs);
  await writeFile(path, await withModelTable(await readFile(path, "utf8")));
}
