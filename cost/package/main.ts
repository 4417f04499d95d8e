#!/usr/bin/env node
import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { parseArgs } from "node:util";
import { InvalidInputError } from "../../infra/core/errors.ts";
import { wrong } from "../card/options.ts";
import { buildCard, readOptions, readPlan, refuseFailed, renderMarkdown, renderTerminal, type CardOptions } from "../index.ts";
import { plainJson } from "../../infra/core/json.ts";

const usage = `Usage: fidus-card PLAN [options]
What a recorded Pulumi preview costs a month, interrupts and endangers; PLAN is what
\`pulumi preview --json --show-sames\` printed, or - for standard input.

  --base FILE             another recorded preview to compare with, in place of what is deployed
  --json | --markdown     the card for programs, or as a comment
  --budget MONEY          most that the stack may cost a month, such as 200EUR
  --max-increase WHAT     most that the plan may add a month, such as 20EUR or 10%
  --rate FROM/TO=RATE     worth of a currency in another, such as USD/EUR=0.92; may be repeated
  --usage FILE            figures for what is billed by use, and cost outside the plan (YAML)
  --evidence FILE         proof of a fresh backup (JSON)
  --allow-unpriced N      so many may be without a price before a limit counts as not kept
  --allow-data-loss URN   the data of this resource may be lost; may be repeated
  --today DATE            day of the prices; default: now

Exit: 0 nothing stands against it, 1 the engine refuses the plan, 2 wrong input, 3 over a limit or data at risk.
`;

const single = { type: "string" } as const;
const repeated = { type: "string", multiple: true, default: [] as string[] } as const;
const flag = { type: "boolean", default: false } as const;

/** `fidus-card`: the card of a recorded preview, on its own. */
async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parse(args);
  if (values.help) return print(usage);
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0)
    throw wrong("PLAN", positionals.join(" "), "one recorded preview", "fidus-card --help");
  if (values.json && values.markdown) throw wrong("--json", "--markdown", "one format", "fidus-card plan.json --json");
  const { "max-increase": maxIncrease, "allow-unpriced": unpriced, "allow-data-loss": allowDataLoss, base, ...given } = values;
  if (!/^\d{1,6}$/.test(unpriced)) throw wrong("--allow-unpriced", unpriced, "a whole number, 0 or more", "--allow-unpriced 1");
  const options: CardOptions = {
    ...(await readOptions({ ...given, maxIncrease, allowDataLoss, allowUnpriced: Number(unpriced) }, read)),
    ...(base === undefined ? {} : await comparedWith(base)),
  };
  const card = buildCard(readPlan(await read(file, "PLAN"), file), options);
  const color = process.stdout.isTTY && process.env["NO_COLOR"] === undefined;
  print(values.json ? `${plainJson(card)}\n` : values.markdown ? renderMarkdown(card) : `${renderTerminal(card, { color })}\n`);
  return card.verdict.exitCode;
}

function parse(args: readonly string[]) {
  const options = {
    ...{ base: single, budget: single, "max-increase": single, usage: single, evidence: single, today: single },
    ...{ "allow-unpriced": { ...single, default: "0" }, rate: repeated, "allow-data-loss": repeated },
    ...{ json: flag, markdown: flag, help: { ...flag, short: "h" } },
  } as const;
  try {
    const parsed = parseArgs({ args: [...args], options, allowPositionals: true, tokens: true });
    refuseTwice(
      parsed.tokens.flatMap((token) =>
        token.kind === "option" && token.value !== undefined ? [`${token.name}=${token.value}`] : [],
      ),
    );
    return parsed;
  } catch (error) {
    if (error instanceof InvalidInputError) throw error;
    throw wrong(
      "arguments",
      args.join(" "),
      error instanceof Error ? error.message : "options of this program",
      "fidus-card --help",
    );
  }
}

/** Of two budgets, or two rates of a pair, only one can be meant. */
function refuseTwice(given: readonly string[]): void {
  const names = given.flatMap((text) =>
    text.startsWith("allow-data-loss=") ? [] : [/^(rate=[^=]*|[^=]*)/.exec(text)?.[0] ?? ""],
  );
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw wrong(`--${twice.replace("=", " ")}`, "twice", "one value", "Leave one of them out.");
}

async function comparedWith(file: string): Promise<Pick<CardOptions, "base" | "baseName">> {
  const base = readPlan(await read(file, "--base"), file);
  refuseFailed(base, file);
  return { base, baseName: `recording ${file}` };
}

async function read(file: string, option: string): Promise<string> {
  if (file === "-") return text(process.stdin);
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const got = `${file} (${(error as NodeJS.ErrnoException).code ?? String(error)})`;
    throw wrong(option, got, "a file that can be read", `ls -l ${file}`);
  }
}

function print(output: string): number {
  process.stdout.write(output);
  return 0;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`fidus-card: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof InvalidInputError ? 2 : 1;
}
