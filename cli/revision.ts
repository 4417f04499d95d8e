import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, stat, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cannotGoOn, wrongInput } from "./errors.ts";
import { run } from "./run.ts";

/** A commit of a checkout, and the words that named it. */
export interface Revision {
  readonly named: string;
  readonly commit: string;
}

/** What `--base` names. */
export type Base = { readonly kind: "file"; readonly file: string } | { readonly kind: "revision"; readonly revision: Revision };

/** Files that decide what node_modules holds. */
const manifests = ["package-lock.json", "package.json", "app/package.json"] as const;

/**
 * A file, or a revision of the checkout. Throws exit 2 for what is neither, both, or more than one revision. A path with a dot or a
 * slash in front is a file, whatever git knows; "-" is standard input.
 */
export async function parseBase(text: string, checkout: string, signal: AbortSignal): Promise<Base> {
  if (/^(-$|\.{0,2}\/)/.test(text)) return { kind: "file", file: text };
  const isFile = await stat(text).then(
    (found) => !found.isDirectory(),
    () => false,
  );
  const found = await findRevision(text, checkout, signal);
  const refuse = (rule: string, fix: string): Error =>
    wrongInput("what to compare with is not clear", [{ path: "--base", got: text, rule, fix }]);
  if (isFile && found !== null)
    throw refuse("one thing: it is a file and a revision too", `--base ./${text}, or --base refs/heads/${text}`);
  if (isFile) return { kind: "file", file: text };
  if (found === null) throw refuse("a recorded preview, or a revision of this checkout", "git fetch --all; git branch --all");
  if (found === "ambiguous") throw refuse("one revision: git knows several of that name", `--base refs/heads/${text}`);
  return { kind: "revision", revision: { named: text, commit: found } };
}

/** The commit that git understands; null for none, and outside a repository. */
async function findRevision(text: string, checkout: string, signal: AbortSignal): Promise<string | null> {
  const args = ["-c", "core.warnAmbiguousRefs=true", "rev-parse", "--verify", "--end-of-options", `${text}^{commit}`];
  const { code, stdout, stderr } = await run("git", args, { cwd: checkout, env: { LC_ALL: "C" }, signal });
  if (/ is ambiguous/.test(stderr)) return "ambiguous";
  return code === 0 ? stdout.trim() : null;
}

/**
 * Does `work` in a folder that holds the revision with its dependencies, and removes the folder afterwards, however the work ended.
 * The caller's checkout is only read. Throws exit 1 when git or npm cannot make it.
 */
export async function withRevision<T>(
  { commit, named }: Revision,
  { checkout, signal }: { readonly checkout: string; readonly signal: AbortSignal },
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const outer = await mkdtemp(join(tmpdir(), "fidus-base-"));
  const folder = join(outer, "tree");
  // No hook of the repository runs: they belong to the people's own checkouts.
  const git = ["-c", "core.hooksPath=/dev/null", "worktree"];
  try {
    await must("git", [...git, "add", "--quiet", "--detach", folder, commit], { cwd: checkout, signal }, named);
    await installDependencies(folder, checkout, named, signal);
    return await work(folder);
  } finally {
    // A link to the caller's packages goes first, so that nothing can reach through it.
    await rm(join(folder, "node_modules"), { recursive: true, force: true });
    await run("git", [...git, "remove", "--force", "--force", folder], { cwd: checkout });
    await rm(outer, { recursive: true, force: true });
  }
}

/** The caller's packages where both ask for the same ones; else a clean installation, without any package's scripts. */
async function installDependencies(folder: string, checkout: string, named: string, signal: AbortSignal): Promise<void> {
  const own = join(checkout, "node_modules");
  const same = await Promise.all(manifests.map(async (file) => (await text(folder, file)) === (await text(checkout, file))));
  if (existsSync(own) && same.every(Boolean)) return symlink(own, join(folder, "node_modules"));
  const args = ["ci", "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund"];
  await must("npm", args, { cwd: folder, signal }, named);
}

function text(folder: string, file: string): Promise<string | null> {
  return readFile(join(folder, file), "utf8").catch(() => null);
}

async function must(
  command: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly signal: AbortSignal },
  named: string,
): Promise<void> {
  const { code, stderr } = await run(command, args, options);
  if (code === 0) return;
  const got = `exit ${code} of ${command} ${args.find((arg) => /^[a-z]/.test(arg)) ?? ""}`;
  const fix = stderr.trim().split("\n").slice(-5).join("\n  ") || `${command} --version`;
  throw cannotGoOn(`the program of ${named} cannot be set up`, [{ path: "--base", got, rule: "a checkout of its own", fix }]);
}
