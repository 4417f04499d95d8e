import { execFileSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const checkout = join(import.meta.dirname, "../..");

/**
 * The commit that closed the first issue ("`npm start` on a fresh machine ends in a working private assistant"): the last one of the
 * session whose note calls it resolved, an hour before work on the next issues went on. The previous version until there is a release.
 */
const firstIssueClosed = "ffaaddd7c72688024ce6fd23e474c5c8717ea78e";

/** A version of the product in this repository's history. */
export interface Version {
  /** Its release tag, or the beginning of its commit. */
  readonly name: string;
  readonly commit: string;
  /** Number of its last migration. */
  readonly schema: number;
}

/** What an update comes from, and an undo goes back to: the last release before this commit, until there is one {@link firstIssueClosed}. */
export function previousVersion(root = checkout): Version {
  const tag = gitOrNull(root, "describe", "--tags", "--abbrev=0", "--match", "v*", "HEAD^");
  return tag === null ? versionAt(root, firstIssueClosed) : versionAt(root, tag, tag);
}

/** The first version whose last migration has this number. @throws when no migration has it */
export function firstVersionOf(schema: number): Version {
  const files = `app/migrations/${String(schema).padStart(4, "0")}_*.sql`;
  const [commit = ""] = git(checkout, "log", "--reverse", "--diff-filter=A", "--format=%H", "--", `:(glob)${files}`).split("\n");
  return versionAt(checkout, commit);
}

/** Its files in a new temporary folder, which is the caller's. */
export function filesOf({ commit }: Version): string {
  const folder = mkdtempSync(join(tmpdir(), "fidus-version-"));
  const archive = execFileSync("git", ["archive", "--format=tar", commit], { cwd: checkout, maxBuffer: 256 * 1024 * 1024 });
  execFileSync("tar", ["--extract", "--directory", folder], { input: archive });
  return folder;
}

function versionAt(root: string, revision: string, name = revision.slice(0, 7)): Version {
  const commit = gitOrNull(root, "rev-parse", "--verify", "--quiet", `${revision}^{commit}`);
  if (commit === null) throw new Error(missing(root, revision));
  const migrations = git(root, "ls-tree", "--name-only", commit, "app/migrations/").split("\n");
  return { name, commit, schema: Math.max(...migrations.map((path) => Number.parseInt(path.split("/").at(-1) ?? "", 10))) };
}

function missing(root: string, revision: string): string {
  const got = gitOrNull(root, "rev-parse", "--is-shallow-repository") === "true" ? "a shallow clone" : "no such commit";
  return `${root}: got ${got}; needs ${revision || "the repository's history"}, which the tests of updates build. git fetch --unshallow --tags`;
}

function git(root: string, ...args: readonly string[]): string {
  return execFileSync("git", args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
}

/** null when git says no. */
function gitOrNull(root: string, ...args: readonly string[]): string | null {
  try {
    return git(root, ...args);
  } catch {
    return null;
  }
}
