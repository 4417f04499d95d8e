import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { schemaText } from "./text.ts";
import { packageNames } from "./wanted.ts";

// Writes the committed schemas from the installed SDKs: `npm run simulator:schema`.
for (const name of packageNames) writeFileSync(join(import.meta.dirname, `${name}.json`), schemaText(name));
