import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { configurationPage, stackFile, stackFiles } from "./document.ts";

const root = join(import.meta.dirname, "../..");
writeFileSync(join(root, "docs/configuration.md"), configurationPage());
for (const [file, edition] of Object.entries(stackFiles)) writeFileSync(join(root, file), stackFile(edition));
