import { parseArgs, type ParseArgsConfig } from "node:util";
import { InvalidInputError } from "../problems.ts";

type Options = NonNullable<ParseArgsConfig["options"]>;

/** Parses the arguments of a command strictly. @throws InvalidInputError that shows the right form */
export function readArguments<T extends Options>(
  args: readonly string[],
  options: T,
  usage: string,
): ReturnType<typeof parseArgs<{ args: string[]; options: T; allowPositionals: true }>> {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    const rule = error instanceof Error ? `other arguments (${error.message})` : "other arguments";
    throw new InvalidInputError([{ path: "arguments", got: args.join(" "), rule, fix: `Use: ${usage}` }]);
  }
}

/** Prints one result: JSON, or `name: value` lines for people. */
export function print(result: Readonly<Record<string, unknown>>, json: boolean): void {
  const lines = Object.entries(result).map(
    ([name, value]) => `${name}: ${Array.isArray(value) ? value.join(", ") : String(value)}`,
  );
  process.stdout.write(`${json ? JSON.stringify(result) : lines.join("\n")}\n`);
}
