import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { checkout } from "./product.ts";

/** Another version of the product: a copy of this checkout in which some files are different. */
export interface ChangedCheckout {
  readonly root: string;
  /** Changes more files, paths relative to the root. */
  write(files: Readonly<Record<string, string>>): void;
  remove(): void;
}

/** Copies what git knows of this checkout, and borrows its packages. Images are tagged by content: what is the same is shared. */
export function changedCheckout(files: Readonly<Record<string, string>>): ChangedCheckout {
  const root = mkdtempSync(join(tmpdir(), "fidus-version-"));
  const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: checkout });
  for (const file of listed.toString("utf8").split("\0").filter(Boolean)) cpSync(join(checkout, file), join(root, file));
  // All of them: where one is missing the launcher would install anew, through the link.
  for (const folder of ["node_modules", "app/node_modules"]) symlinkSync(join(checkout, folder), join(root, folder));
  const write: ChangedCheckout["write"] = (changes) => {
    for (const [path, text] of Object.entries(changes)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
  };
  write(files);
  return { root, write, remove: () => rmSync(root, { recursive: true, force: true }) };
}
