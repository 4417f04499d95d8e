import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** What an SDK says about one resource type. */
export interface SdkResource {
  readonly token: string;
  readonly inputs: readonly string[];
  readonly requiredInputs: readonly string[];
  /** All properties of the resource, inputs included. */
  readonly properties: readonly string[];
  /** Properties that the SDK marks secret whatever the program says. */
  readonly secrets: readonly string[];
  /** Inputs whose change the SDK itself asks to answer with a replacement. */
  readonly replaceOnChanges: readonly string[];
}

/** Reads one resource class from the published SDK: its type definitions and what its constructor passes on. */
export function sdkResource(sdk: "command" | "random" | "tls", file: string): SdkResource {
  const root = dirname(createRequire(import.meta.url).resolve(`@pulumi/${sdk}/package.json`));
  const types = readFileSync(join(root, `${file}.d.ts`), "utf8").replace(/\/\*[\s\S]*?\*\//g, "");
  const code = readFileSync(join(root, `${file}.js`), "utf8");
  const args = /export interface \w+Args \{([\s\S]*?)\n\}/.exec(types)?.[1] ?? "";
  const fields = [...args.matchAll(/^ {4}(\w+)(\?)?:/gm)];
  return {
    token: /__pulumiType = ['"]([^'"]+)['"]/.exec(code)?.[1] ?? "",
    inputs: fields.map(([, name = ""]) => name).sort(),
    requiredInputs: fields
      .filter(([, , optional]) => optional === undefined)
      .map(([, name = ""]) => name)
      .sort(),
    properties: [...types.matchAll(/^ {4}readonly (\w+):/gm)].map(([, name = ""]) => name).sort(),
    secrets: quoted(/additionalSecretOutputs: \[([^\]]*)\]/.exec(code)?.[1]),
    replaceOnChanges: quoted(/replaceOnChanges: \[(.*?)\] \}/.exec(code)?.[1]).map((name) => name.replace("[*]", "")),
  };
}

function quoted(list: string | undefined): string[] {
  return [...(list ?? "").matchAll(/"([^"]+)"/g)].map(([, name = ""]) => name).sort();
}
