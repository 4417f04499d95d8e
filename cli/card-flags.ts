import { readFile } from "node:fs/promises";
import { InvalidArgumentError, type Command } from "commander";
import type { CardOptions, GivenOptions } from "../cost/index.ts";
import { wrongInput } from "./errors.ts";

const collect = (value: string, all: readonly string[]): readonly string[] => [...all, value];

/** Adds the limits that a plan must keep, and what they are judged by. */
export function addCardFlags(command: Command): Command {
  return command
    .option("--budget <money>", "most that the stack may cost a month, such as 200EUR")
    .option("--max-increase <money|percent>", "most that the plan may add a month, such as 20EUR or 10%")
    .option("--rate <from/to=rate>", "worth of a currency in another, such as USD/EUR=0.92; may be repeated", collect, [])
    .option("--usage <file>", "figures for what is billed by use, and cost outside the plan (YAML)")
    .option("--evidence <file>", "proof of a fresh backup (JSON)")
    .option("--allow-unpriced <number>", "so many may be without a price before a limit counts as not kept", wholeNumber, 0)
    .option("--allow-data-loss <urn>", "the data of this resource may be lost; may be repeated", collect, [])
    .option("--today <date>", "day of the prices; default: now");
}

/** The options of a card. Throws exit 2 for what cannot be read. */
export async function cardOptionsOf(flags: GivenOptions): Promise<CardOptions> {
  const { readOptions } = await import("../cost/index.ts");
  return readOptions(flags, readGiven);
}

async function readGiven(file: string, option: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const got = `${file} (${(error as NodeJS.ErrnoException).code ?? String(error)})`;
    throw wrongInput("a file cannot be read", [{ path: option, got, rule: "a file that can be read", fix: `ls -l ${file}` }]);
  }
}

function wholeNumber(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError("needs a whole number, 0 or more.");
  return Number(text);
}
