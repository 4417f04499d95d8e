import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { complete } from "../infra/config/testing.ts";
import { acmeTrio, writeStacks, type StackEntries } from "./testing-stacks.ts";
import { runCli, type Ended } from "./testing.ts";

let home = "";
beforeEach(() => void (home = mkdtempSync(join(tmpdir(), "fidus-names-"))));
afterEach(() => rmSync(home, { recursive: true, force: true }));

const fidus = (...args: string[]): Promise<Ended> => runCli(home, args);
const configured = (stacks: StackEntries): Promise<void> => writeStacks(home, stacks);

describe("an edition of which only the infrastructure exists", () => {
  test.each(["starter", "pro", "enterprise"])("up %s without a stack names the command that makes one", async (edition) => {
    const { code, stdout, stderr } = await fidus("up", edition);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(`got "${edition}"; needs one of community. ./fidus init ${edition} --name ${edition}`);
    expect(JSON.parse((await fidus("config", "check", edition, "--json")).stdout)).toMatchObject({
      error: { code: "wrong-input" },
    });
  });

  test("up refuses the options that belong to community", async () => {
    await configured({ acme: complete.starter });
    const { code, stderr } = await fidus("up", "acme", "--api-port", "8001", "--model", "auto");
    expect(code).toBe(2);
    for (const option of ["--api-port", "--model"])
      expect(stderr).toMatch(new RegExp(`${option}: got .*; needs a stack of edition community. ./fidus up acme`));
  });

  test.each(["status", "down", "logs", "choose", "images"])(
    "%s of a stack of it says so, and changes nothing",
    async (command) => {
      await configured({ acme: complete.starter });
      const { code, stderr } = await fidus(command, "acme");
      expect(code).toBe(1);
      expect(stderr).toContain(
        "acme: of edition starter only the infrastructure exists yet; there is nothing on it to operate\n  ./fidus up acme makes",
      );
    },
  );

  test("choose of an enterprise NAME says so", async () => {
    await configured(acmeTrio);
    expect(await fidus("choose", "acme")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("acme: of edition enterprise only the infrastructure exists yet"),
    });
  });
});

describe("env", () => {
  test("names the stack of its config, so that a plain `pulumi config set` means that one", async () => {
    await configured({ acme: complete.starter });
    expect(JSON.parse((await fidus("env", "--json")).stdout)).toMatchObject({
      PULUMI_STACK: "acme",
      PULUMI_OPTION_CONFIG_FILE: expect.stringMatching(/Pulumi\.acme\.yaml$/),
    });
  });

  test("asks which one, exit 2, where several could be meant", async () => {
    await configured(acmeTrio);
    for (const args of [["env"], ["env", "acme"]])
      expect(await fidus(...args)).toMatchObject({
        code: 2,
        stderr: expect.stringContaining(
          "needs one of acme-eu-central-1, acme-eu-west-1, acme-global. ./fidus env acme-eu-central-1",
        ),
      });
    expect(await fidus("env", "acme-global", "--json")).toMatchObject({ code: 0 });
  });
});

test("a stack that does not exist is never answered with the up of one that was not named", async () => {
  await configured({ acme: complete.starter });
  expect(await fidus("preview", "acmee")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("Name one of them, such as acme."),
  });
  // A product's name is free for that product only.
  expect((await fidus("config", "check", "pro")).stderr).toContain("needs one of acme. ./fidus init pro --name pro");
  expect(await fidus("status")).toMatchObject({ code: 2, stderr: expect.stringContaining("one of acme. ./fidus up community") });
});
