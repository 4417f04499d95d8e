import { InvalidArgumentError, type Command } from "commander";

/** Makes every option that takes one value refuse a second one, below the command too: of two nobody can tell which is meant. */
export function singleValued(command: Command): void {
  for (const below of command.commands) singleValued(below);
  for (const option of command.options) {
    const parse = option.parseArg;
    if (!option.required || isList(option.defaultValue)) continue;
    option.argParser((value: string, before: unknown) => {
      if (command.getOptionValueSource(option.attributeName()) === "cli") throw new InvalidArgumentError("It is there twice.");
      return parse === undefined ? value : parse(value, before);
    });
  }
}

function isList(value: unknown): boolean {
  return Array.isArray(value);
}
