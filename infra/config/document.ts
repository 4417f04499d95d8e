import { keysOf, type EditionKey, type KeyName } from "./keys.ts";
import { parseConfig, setCommand } from "./parse.ts";
import { editions, type Edition } from "./spec.ts";
import { ruleOf } from "./values.ts";

const titles: Readonly<Record<Edition, string>> = {
  community: "Community: one Docker host",
  starter: "Starter: one server",
  pro: "Pro: several servers",
  "enterprise-global": "Enterprise, the global stack",
  "enterprise-region": "Enterprise, a region's stack",
};

/** The text of docs/configuration.md, made from the table of keys. */
export function configurationPage(): string {
  return [
    "# Configuration",
    "",
    "Made from `infra/config/keys.ts` by `npm run docs`; do not edit by hand.",
    "",
    "Every key belongs to project `fidus`. `./fidus init EDITION --name STACK` makes a new stack and says what must be set;",
    "`./fidus config check STACK` names every problem of a stack at once. To set a key:",
    "",
    "```sh",
    'eval "$(./fidus env)"                          # name the stack when there are several: ./fidus env STACK',
    "pulumi config set pagePort 3100",
    "pulumi config set --secret llmApiKey           # asks for the value, or takes it from stdin",
    "```",
    "",
    "A change takes effect with the next `./fidus up`. **effect** is the worst it does: `none` touches nothing that exists, `update`",
    "nothing that runs, `restart` starts containers anew, `replace` makes something anew, `refused` cannot be changed. **planned**: the",
    "key is read and checked, but the part that will use it is not built yet. **secret** keys are encrypted; a plain text is refused.",
    "Lists are separated by commas. Sample values (`CHANGE_ME`, `example.com`, `203.0.113.0/24`, `123456789012`, passwords from documents) are refused.",
    ...editions.flatMap((edition) => ["", `## ${titles[edition]}`, "", ...table(edition)]),
    "",
  ].join("\n");
}

function table(edition: Edition): string[] {
  return [
    "| key | rule | default | secret | effect | written by | meaning |",
    "| --- | --- | --- | --- | --- | --- | --- |",
    ...keysOf(edition).map(row),
  ];
}

function row([name, spec]: EditionKey): string {
  const standard = spec.default === undefined ? "must be set" : spec.default === null ? "absent" : `\`${String(spec.default)}\``;
  const cells = [
    `\`${name}\``,
    ruleOf(spec),
    standard,
    spec.secret === true ? "yes" : "no",
    spec.planned === true ? "planned" : spec.effect,
    spec.by ?? "operator",
    spec.about,
  ];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

/** The editions that have a committed stack file: the default of every stack made from them. */
export const stackFiles = {
  "Pulumi.starter.yaml": "starter",
  "Pulumi.pro.yaml": "pro",
  "Pulumi.enterprise.yaml": "enterprise-global",
} as const satisfies Record<string, Edition>;

/** The text of a committed stack file: the edition, and what nobody can choose for the operator. */
export function stackFile(edition: Edition): string {
  const [name = ""] = edition.split("-");
  return [
    `# Where every stack of the ${name} edition starts; written by \`npm run docs\`. Settings and secrets of an installation`,
    `# are kept outside the checkout, never here: ./fidus init ${name} --name STACK [--env dev|staging|prod].`,
    "# Without ./fidus, set these yourself; docs/configuration.md has every key:",
    ...missingSettings(edition, { edition }).map(({ command }) => `#   ${command}`),
    "config:",
    `  fidus:edition: ${edition}`,
    "",
  ].join("\n");
}

/** What the operator must still set, each with the command that sets it. */
export function missingSettings(
  edition: Edition,
  entries: Readonly<Record<string, string>>,
): { readonly key: KeyName; readonly command: string }[] {
  // What the first `up` chooses nobody sets by hand.
  const problems = parseConfig(edition, entries).problems.filter(
    ({ got, fix }) => got === undefined && !fix.startsWith("./fidus up"),
  );
  return keysOf(edition).flatMap(([key, spec]) => {
    const problem = problems.find(({ path }) => path === key);
    if (problem === undefined) return [];
    return [{ key, command: spec.default === undefined ? setCommand(key, spec) : problem.fix }];
  });
}
