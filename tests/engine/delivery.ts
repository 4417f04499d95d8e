import { cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { stringify } from "yaml";
import { launch, type Ended } from "../../cli/testing.ts";
import { repositoryFiles } from "../sources.ts";

const source = join(import.meta.dirname, "../..");

type Settings = Readonly<Record<string, string>>;

/** A team's repository as a CI platform checks it out: this checkout's files, committed settings, branches and a remote. */
export class TeamCheckout {
  readonly folder: string;
  readonly #home: string;

  private constructor(home: string) {
    this.#home = home;
    this.folder = join(home, "checkout");
  }

  /** With main on the remote; `settings` are committed to deploy/, by stack. */
  static async create(home: string, settings: Readonly<Record<string, Settings>>): Promise<TeamCheckout> {
    const team = new TeamCheckout(home);
    for (const file of repositoryFiles(source)) {
      mkdirSync(dirname(join(team.folder, file)), { recursive: true });
      cpSync(join(source, file), join(team.folder, file));
    }
    symlinkSync(join(source, "node_modules"), join(team.folder, "node_modules"));
    for (const [stack, entries] of Object.entries(settings)) team.write(stack, entries);
    await team.git("init", "--quiet", "--initial-branch=main");
    writeFileSync(join(team.folder, ".git/info/exclude"), "node_modules\n");
    await execa("git", ["init", "--quiet", "--bare", join(home, "remote.git")]);
    await team.git("remote", "add", "origin", join(home, "remote.git"));
    await team.commit();
    await team.git("push", "--quiet", "origin", "main");
    return team;
  }

  /** The committed settings of a stack. */
  write(stack: string, entries: Settings): void {
    const config = Object.fromEntries(Object.entries(entries).map(([key, value]) => [`fidus:${key}`, value]));
    mkdirSync(join(this.folder, "deploy"), { recursive: true });
    writeFileSync(join(this.folder, `deploy/Pulumi.${stack}.yaml`), stringify({ config }));
  }

  /** Everything in one more commit. */
  async commit(): Promise<void> {
    await this.git("add", "--all");
    await this.git("commit", "--quiet", "--allow-empty", "--message", "feat: one more");
  }

  async git(...args: readonly string[]): Promise<string> {
    const who = [
      "-c",
      "user.name=Team",
      "-c",
      "user.email=team@fidus.test",
      "-c",
      "commit.gpgsign=false",
      "-c",
      "core.hooksPath=/dev/null",
    ];
    return (await execa("git", [...who, ...args], { cwd: this.folder })).stdout;
  }

  /** `./fidus` of this checkout, with nothing in its environment but what a CI platform gives. */
  fidus(args: readonly string[], env: Settings): Promise<Ended> {
    const folders = { HOME: this.#home, XDG_DATA_HOME: join(this.#home, "data"), XDG_CACHE_HOME: join(this.#home, "cache") };
    return launch(process.execPath, [join(this.folder, "cli/main.ts"), ...args], { ...folders, ...env }).ended;
  }
}
