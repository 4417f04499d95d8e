import { open, rm } from "node:fs/promises";
import { resolve } from "node:path";
import { z } from "zod";
import type { AppAdmin } from "./app-admin.ts";
import { CliError, wrongInput } from "./errors.ts";

const anyLine = z.looseObject({ type: z.string(), lines: z.number().optional() });

/** How many lines of each type an export has. */
export type LineCounts = Readonly<Record<string, number>>;

/** Hands over each line of a person's export. Throws exit 1 when it is not whole: then what was handed over is not either. */
export async function exportLines(
  app: Pick<AppAdmin, "export">,
  email: string,
  eachLine: (line: string) => Promise<void> | void,
): Promise<LineCounts> {
  const counts: Record<string, number> = {};
  let seen = 0;
  let promised: number | null = null;
  await app.export(email, async (line) => {
    const { type, lines } = anyLine.parse(JSON.parse(line));
    if (type === "end") promised = lines ?? null;
    else {
      seen++;
      counts[type] = (counts[type] ?? 0) + 1;
    }
    await eachLine(line);
  });
  if (promised === seen) return counts;
  throw new CliError(`the export of ${email} is not whole: ${seen} lines, and no end that counts them`, {
    fix: "Run the same command again.",
  });
}

/**
 * Writes a person's export to a new file that nobody else may read. Throws exit 2 when there is a file of that name.
 * A file that is not whole is removed.
 */
export async function exportToFile(app: Pick<AppAdmin, "export">, email: string, path: string): Promise<LineCounts> {
  const file = await open(path, "wx", 0o600).catch((error: unknown) => {
    throw cannotWrite(path, error);
  });
  try {
    const counts = await exportLines(app, email, (line) => file.appendFile(`${line}\n`));
    await file.sync();
    return counts;
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

function cannotWrite(path: string, error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  const exists = code === "EEXIST";
  if (!exists && !["ENOENT", "EACCES", "EISDIR", "ENOTDIR", "EROFS"].includes(code ?? "")) return error;
  const rule = exists ? "a name that no file has: nothing is overwritten" : `a file in a folder that can be written to (${code})`;
  const fix = exists ? `rm ${resolve(path)}` : "--out ~/person.ndjson";
  return wrongInput("nothing was exported", [{ path: "--out", got: path, rule, fix }]);
}
