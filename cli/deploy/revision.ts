import type { EnvironmentName } from "../../infra/config/keys/common.ts";
import type { Problem } from "../../infra/core/errors.ts";
import { CliError } from "../errors.ts";
import { run } from "../run.ts";

/** The branch whose revisions may leave development. */
const released = "main";

/** What is deployed. */
export interface Revision {
  /** Commit id, 40 hexadecimal characters. */
  readonly commit: string;
  /** Files that differ from it. */
  readonly changed: readonly string[];
}

/** The revision that is checked out. Throws exit 1 when git cannot tell. */
export async function revisionOf(checkout: string): Promise<Revision> {
  const commit = await git(checkout, "rev-parse", "--verify", "HEAD");
  const status = await git(checkout, "status", "--porcelain");
  return { commit, changed: status.split("\n").flatMap((line) => (line === "" ? [] : [line.slice(3)])) };
}

/**
 * Staging and production get what is on main and nothing else: reviewed, and found again by its commit. Throws exit 3.
 * The remote's main counts; the local branch is anybody's.
 */
export async function requireReleased(
  checkout: string,
  { commit, changed }: Revision,
  environment: EnvironmentName,
): Promise<void> {
  if (environment === "development") return;
  const main = `refs/remotes/origin/${released}`;
  const { code } = await run("git", ["-C", checkout, "merge-base", "--is-ancestor", commit, main]);
  const rule = `a revision of origin/${released} in environment ${environment}`;
  const problems: Problem[] = [];
  if (code !== 0)
    problems.push({ path: "revision", got: commit, rule, fix: `Merge it into ${released}, then: git fetch origin ${released}` });
  if (changed.length > 0)
    problems.push({
      path: "revision",
      got: `${commit} and changes of ${list(changed)}`,
      rule,
      fix: "git stash --include-untracked",
    });
  if (problems.length === 0) return;
  throw new CliError("this revision may not be deployed there", { exitCode: 3, code: "not-released", problems });
}

function list(files: readonly string[]): string {
  return files.length > 3 ? `${files.slice(0, 3).join(", ")} and ${files.length - 3} more` : files.join(", ");
}

async function git(checkout: string, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run("git", ["-C", checkout, ...args]);
  if (code === 0) return stdout.trimEnd();
  const fix = `git -C ${checkout} ${args.join(" ")}`;
  throw new CliError("git does not say which revision is checked out", {
    code: "no-revision",
    problems: [{ path: "revision", got: stderr.split("\n", 1)[0], rule: "a Git checkout with a commit", fix }],
  });
}
