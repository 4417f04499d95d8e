import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execaSync } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { environments } from "../../infra/config/keys/common.ts";
import { requireReleased, revisionOf } from "./revision.ts";

const home = mkdtempSync(join(tmpdir(), "fidus-revision-"));
const checkout = join(home, "checkout");
afterAll(() => rmSync(home, { recursive: true, force: true }));

function git(...args: string[]): void {
  const who = ["-c", "user.name=T", "-c", "user.email=t@fidus.test", "-c", "commit.gpgsign=false"];
  execaSync("git", [...who, ...args], { cwd: checkout });
}

/** The environments that the checkout may be deployed to now. */
async function allowed(): Promise<string[]> {
  const revision = await revisionOf(checkout);
  const answers = environments.map((environment) =>
    requireReleased(checkout, revision, environment).then(
      () => [environment],
      (error: unknown) => {
        expect(error).toMatchObject({ exitCode: 3, code: "not-released" });
        return [];
      },
    ),
  );
  return (await Promise.all(answers)).flat();
}

beforeAll(() => {
  mkdirSync(checkout);
  git("init", "--quiet", "--initial-branch=main");
  git("commit", "--quiet", "--allow-empty", "--message=one");
});

describe("a revision", () => {
  test("that no remote main has goes to development only, though the local branch is called main [R-08]", async () => {
    expect(await allowed()).toEqual(["development"]);
  });

  test("of the remote's main goes everywhere, also when main has moved on", async () => {
    git("update-ref", "refs/remotes/origin/main", "HEAD");
    expect(await allowed()).toEqual([...environments]);
    git("commit", "--quiet", "--allow-empty", "--message=two");
    git("update-ref", "refs/remotes/origin/main", "HEAD");
    git("checkout", "--quiet", "--detach", "HEAD~1");
    expect(await allowed()).toEqual([...environments]);
  });

  test("with changes on top of it goes to development only, and the files are named", async () => {
    git("checkout", "--quiet", "main");
    mkdirSync(join(checkout, "deploy"));
    writeFileSync(join(checkout, "deploy/Pulumi.acme.yaml"), "config: {}\n");
    expect(await allowed()).toEqual(["development"]);
    const refusal = requireReleased(checkout, await revisionOf(checkout), "production");
    await expect(refusal).rejects.toMatchObject({ problems: [{ got: expect.stringContaining("deploy/") }] });
  });
});

test("where git knows no commit the deployment ends with 1 and the command that shows why", async () => {
  await expect(revisionOf(home)).rejects.toMatchObject({ exitCode: 1, code: "no-revision" });
});
