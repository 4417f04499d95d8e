import type { z } from "zod";

/** A vendor's price API answered with something that must not get into a table. */
export class PriceAnswerError extends Error {
  readonly vendor: string;
  /** What was wrong with it. */
  readonly got: string;

  constructor(vendor: string, got: string) {
    super(`${vendor}: ${got}`);
    this.name = "PriceAnswerError";
    this.vendor = vendor;
    this.got = got;
  }
}

export function badAnswer(vendor: string, what: string | z.ZodError): PriceAnswerError {
  if (typeof what === "string") return new PriceAnswerError(vendor, what);
  const [issue] = what.issues;
  return new PriceAnswerError(vendor, `an answer whose ${issue?.path.join(".") || "form"} is not as documented`);
}
