import { keys, type KeyName, type KeySpec } from "./keys.ts";
import { ruleOf } from "./parse.ts";

/** The text of docs/configuration.md, made from the table of keys. */
export function configurationPage(): string {
  const rows = (Object.entries(keys) as [KeyName, KeySpec][]).map(([name, spec]) => row(name, spec));
  return [
    "# Configuration",
    "",
    "Made from `infra/config/keys.ts` by `npm run docs`; do not edit by hand.",
    "",
    'Every key belongs to project `fidus`: `pulumi config set pagePort 3100` (with `eval "$(./fidus env)"`), or `./fidus choose`',
    "for what the first `./fidus up` chose. Keys written by Fidus are marked. A change takes effect with the next `./fidus up`:",
    "`update` touches nothing that runs, `restart` starts containers anew, `replace` makes them anew, `refused` cannot be changed.",
    "",
    "| key | rule | default | secret | effect | written by | meaning |",
    "| --- | --- | --- | --- | --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
}

function row(name: string, spec: KeySpec): string {
  const standard = spec.default === undefined ? "must be set" : spec.default === null ? "absent" : `\`${String(spec.default)}\``;
  const cells = [
    `\`${name}\``,
    ruleOf(spec),
    standard,
    spec.secret === true ? "yes" : "no",
    spec.effect,
    spec.by ?? "operator",
    spec.about,
  ];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}
