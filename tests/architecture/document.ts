import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { diagramOf, type StateResource } from "./diagram.ts";

const file = join(import.meta.dirname, "../../docs/architecture.md");

/**
 * The diagram of a state as a test sees it, and as docs/architecture.md has it (null where there is none). With
 * FIDUS_ARCHITECTURE=write it is written there first, into the block that begins with `<!-- NAME -->`.
 */
export function architecture(name: string, stateText: string): { readonly seen: string; readonly documented: string | null } {
  const state = JSON.parse(stateText) as {
    readonly checkpoint?: { readonly latest?: { readonly resources?: readonly StateResource[] } };
    readonly deployment?: { readonly resources?: readonly StateResource[] };
  };
  const seen = diagramOf(state.checkpoint?.latest?.resources ?? state.deployment?.resources ?? []);
  const text = readFileSync(file, "utf8");
  if (process.env["FIDUS_ARCHITECTURE"] === "write") {
    writeFileSync(file, text.replace(blockOf(name), `<!-- ${name} -->\n\n\`\`\`mermaid\n${seen}\n\`\`\``));
    return { seen, documented: seen };
  }
  return { seen, documented: blockOf(name).exec(text)?.[1] ?? null };
}

function blockOf(name: string): RegExp {
  return new RegExp(`<!-- ${name} -->\\n\\n\`\`\`mermaid\\n([^\`]*)\\n\`\`\``);
}
