import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { keys } from "../../infra/config/keys.ts";
import { formatProblem } from "../../infra/core/errors.ts";
import { complete, secretNames } from "../../infra/config/testing.ts";
import { readCommitted, secretVariable } from "./committed.ts";

const checkout = mkdtempSync(join(tmpdir(), "fidus-committed-"));
const folder = join(checkout, "deploy");
afterAll(() => rmSync(checkout, { recursive: true, force: true }));
beforeEach(() => rmSync(folder, { recursive: true, force: true }));

type Entries = Readonly<Record<string, unknown>>;

function commit(stack: string, entries: Entries): void {
  const config = Object.fromEntries(Object.entries(entries).map(([key, value]) => [`fidus:${key}`, value]));
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `Pulumi.${stack}.yaml`), stringify({ config }));
}

const plain = (edition: keyof typeof complete): Record<string, string> =>
  Object.fromEntries(Object.entries(complete[edition]).filter(([key]) => !secretNames.has(key)));
const secrets = (edition: keyof typeof complete): Record<string, string> =>
  Object.fromEntries(
    Object.entries(complete[edition]).flatMap(([key, value]) => (secretNames.has(key) ? [[secretVariable(key), value]] : [])),
  );
const said = async (name: string, env: Record<string, string>): Promise<string[]> =>
  (await readCommitted(checkout, name, env)).problems.map(formatProblem);

test("a secret's variable is its key in capitals", () => {
  expect(secretVariable("hcloudToken")).toBe("FIDUS_HCLOUD_TOKEN");
  expect(secretVariable("backupAccessKeyId")).toBe("FIDUS_BACKUP_ACCESS_KEY_ID");
});

describe.each(["starter", "pro"] as const)("%s", (edition) => {
  test("settings in the checkout and secrets in the environment make a stack [R-16] [X-01]", async () => {
    commit("acme", { ...plain(edition), environment: "staging" });
    const { stacks, environment, installation, problems } = await readCommitted(checkout, "acme", secrets(edition));
    expect([problems, environment, installation]).toEqual([[], "staging", "a1b2c3"]);
    expect(stacks.map(({ stack, edition: own, settings }) => [stack, own, settings])).toEqual([
      ["acme", edition, { ...plain(edition), environment: "staging" }],
    ]);
    expect(Object.keys(stacks[0]?.secrets ?? {}).every((key) => "secret" in keys[key as keyof typeof keys])).toBe(true);
  });

  test("a secret that the environment lacks, or gives empty, is named by its variable [R-16]", async () => {
    commit("acme", plain(edition));
    const lacking = { ...secrets(edition), FIDUS_HCLOUD_TOKEN: "" };
    expect(await said("acme", lacking)).toEqual([
      expect.stringMatching(/^hcloudToken: .* Keep it as the secret FIDUS_HCLOUD_TOKEN of the environment\.$/),
    ]);
  });

  test("a sample is no secret, and neither it nor a malformed one is shown [X-03]", async () => {
    commit("acme", plain(edition));
    const bad = { FIDUS_CLOUDFLARE_TOKEN: "dev_password_change_me", FIDUS_HCLOUD_TOKEN: "too-short-a-token" };
    const lines = await said("acme", { ...secrets(edition), ...bad });
    expect(lines).toHaveLength(2);
    expect(lines.join("\n")).toContain('cloudflareToken: got "[a sample secret]"');
    expect(lines.join("\n")).not.toMatch(/dev_password|too-short/);
  });
});

test.each([
  ["in clear", "cloudflare-token-of-a-test"],
  ["encrypted", { secure: "v1:abc:def" }],
])("a secret in the repository, %s, is refused and not repeated, also where the environment has it [X-01]", async (_, value) => {
  commit("acme", { ...plain("starter"), cloudflareToken: value });
  for (const env of [secrets("starter"), { ...secrets("starter"), FIDUS_CLOUDFLARE_TOKEN: "" }])
    expect(await said("acme", env)).toEqual([
      'cloudflareToken: got "a secret in the repository"; needs to come from the environment. ' +
        "Remove fidus:cloudflareToken from the file, make a new one at its issuer, and give that as FIDUS_CLOUDFLARE_TOKEN.",
    ]);
});

test("a wrong setting is repaired in the file, not by a pulumi command", async () => {
  commit("acme", { ...plain("starter"), location: "nbg", nightSleep: "20:00-06:00" });
  expect(await said("acme", secrets("starter"))).toEqual([
    expect.stringMatching(/^location: .* fidus:location: nbg1 in deploy\/$/),
    expect.stringMatching(/^nightSleep: .* Remove fidus:nightSleep from the file in deploy\/\.$/),
  ]);
});

describe("the name of an enterprise installation", () => {
  const region = (own: string, peer: string, vpcRange: string): Entries => ({
    ...{ ...plain("enterprise-region"), region: own, peerRegion: peer, vpcRange },
  });
  beforeEach(() => {
    commit("big-global", plain("enterprise-global"));
    commit("big-eu-central-1", region("eu-central-1", "eu-west-1", "10.40.0.0/16"));
    commit("big-eu-west-1", region("eu-west-1", "eu-central-1", "10.41.0.0/16"));
  });

  test("stands for all its stacks, the global one first", async () => {
    const { stacks, problems } = await readCommitted(checkout, "big", {});
    expect([stacks.map(({ stack }) => stack), problems]).toEqual([["big-global", "big-eu-central-1", "big-eu-west-1"], []]);
  });

  test("is refused where its stacks are of several environments", async () => {
    commit("big-global", { ...plain("enterprise-global"), environment: "staging" });
    expect((await said("big", {})).filter((line) => line.startsWith("environment: "))).toEqual([
      'environment: got "staging, production"; needs the same in all stacks of a name. fidus:environment: staging',
    ]);
  });
});

test("without settings the file is named, and community is brought up on its own machine", async () => {
  await expect(readCommitted(checkout, "acme", {})).rejects.toMatchObject({
    exitCode: 2,
    problems: [{ path: "deploy/Pulumi.acme.yaml", fix: "docs/delivery.md#settings" }],
  });
  commit("home", complete.community);
  await expect(readCommitted(checkout, "home", {})).rejects.toMatchObject({ exitCode: 2, code: "not-deployable" });
});
