import { InvalidArgumentError, type Command } from "commander";

/** What policies hold a plan to. */
export interface GivenLimits {
  /** GPUs that may run at the same time in one stack. */
  readonly maxGpus: number;
}

/** Adds the limit of GPUs, 8 unless it is given. */
export function addGpuLimit(command: Command): Command {
  return command.option("--max-gpus <number>", "GPUs that may run at the same time in one stack", wholeNumber, 8);
}

function wholeNumber(text: string): number {
  if (/^\d{1,4}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("needs a whole number from 0 to 9999.");
}
