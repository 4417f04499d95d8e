import { z } from "zod";
import { usageGroupNames } from "./usage.ts";

const dayMs = 24 * 3600 * 1000;
/** What usage may be asked for. */
export const usageQuery = z.object({
  from: z.iso.date().optional(),
  to: z.iso.date().optional(),
  by: z
    .string()
    .transform((text) => text.split(","))
    .pipe(z.array(z.enum(usageGroupNames)))
    .optional(),
  format: z.enum(["json", "csv"]).default("json"),
});

/** The days asked for (both included); without words the last 30 days until now. */
export function usagePeriod({ from, to }: Pick<z.output<typeof usageQuery>, "from" | "to">): { from: Date; to: Date } {
  const end = to === undefined ? new Date() : new Date(Date.parse(to) + dayMs);
  return { from: from === undefined ? new Date(end.getTime() - 30 * dayMs) : new Date(from), to: end };
}
