import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Ended } from "../../cli/testing.ts";
import { cardSetSchema } from "../../cost/index.ts";
import { StandInS3 } from "../../cli/testing-s3.ts";
import { complete } from "../../infra/config/testing.ts";
import { CloudHome } from "./cloud-home.ts";

/** `./fidus` with stacks at Hetzner on the real engine; Hetzner and Cloudflare are simulated. */
let home: CloudHome;
const fidus = (...args: string[]): Promise<Ended> => home.fidus(...args);
const inventory = (): string[] => home.clouds.hcloud.store.all().map(({ type }) => type.split(":").at(-1) ?? "");

beforeAll(async () => {
  home = await CloudHome.create("aws", "hcloud", "cloudflare");
  await configured("shop");
}, 300_000);
afterAll(() => home[Symbol.asyncDispose]());

/** A complete starter stack, by the commands that Fidus names. */
async function configured(stack: string): Promise<void> {
  await home.must("init", "starter", "--name", stack, "--json");
  // The simulated Cloudflare knows what a token looks like.
  await home.configure(stack, { ...complete.starter, cloudflareToken: "c".repeat(40) });
}

test("without a yes nothing is bought, and what would be is said", async () => {
  const { code, stderr } = await fidus("up", "shop");
  expect(code, stderr).toBe(2);
  expect(stderr).toContain("--yes");
  expect(inventory()).toEqual([]);
}, 120_000);

test("a cloud that refuses ends the up with the resource and the command that goes on, and that command converges", async () => {
  const refusal = { type: "hcloud:index/storageBox", message: "no capacity for storage boxes", times: 1 };
  home.clouds.hcloud.faults.faults = { refusals: [refusal] };
  const failed = await fidus("up", "shop", "--yes", "--json");
  expect(failed.code, failed.stderr).toBe(1);
  const { error } = JSON.parse(failed.stdout) as { error: { code: string; message: string; problems: object[]; fix: string } };
  expect(error).toMatchObject({
    code: "engine-failed",
    message: expect.stringContaining("no capacity for storage boxes"),
    problems: [{ path: "backup-box", fix: "./fidus up shop" }],
    fix: "What was made is kept in the state. After the repair: ./fidus up shop",
  });
  const again = await fidus("up", "shop", "--yes", "--json");
  expect(again.code, again.stderr).toBe(0);
  const { stacks } = JSON.parse(again.stdout) as { stacks: object[] };
  expect(stacks).toMatchObject([{ stack: "shop", edition: "starter", url: "https://assistant.fidus.test" }]);
  expect(
    inventory()
      .filter((type) => ["Server", "StorageBox", "Volume"].includes(type))
      .sort(),
  ).toEqual(["Server", "StorageBox", "Volume"]);
}, 240_000);

test("a second up changes nothing and asks nothing", async () => {
  const { code, stdout, stderr } = await fidus("up", "shop", "--json");
  expect(code, stderr).toBe(0);
  const { stacks } = JSON.parse(stdout) as { stacks: { changes: object }[] };
  expect(Object.keys(stacks[0]?.changes ?? {})).toEqual(["same"]);
}, 120_000);

test("preview STACK shows what it costs: every line with its price, sum and date", async () => {
  const { code, stdout, stderr } = await fidus("preview", "shop", "--json", "--today", "2026-11-21");
  expect(code, stderr).toBe(0);
  const card = JSON.parse(stdout) as { complete: boolean; resources: { type: string; after: string | null }[] };
  expect(card.complete).toBe(true);
  const server = card.resources.find(({ type }) => type === "hcloud:index/server:Server");
  expect(Number(server?.after)).toBeGreaterThan(0);
}, 120_000);

test("preview --base REV shows what REV's program would leave of the deployed stack as before, and leaves no folder behind", async () => {
  const { code, stdout, stderr } = await fidus("preview", "shop", "--base", "HEAD", "--json", "--today", "2026-11-21");
  expect(code, stderr).toBe(0);
  const card = JSON.parse(stdout) as { baseline: string; base: string; totals: { diff: string }[] };
  expect([card.baseline, card.base]).toEqual([
    "base",
    expect.stringMatching(/^HEAD's program \([0-9a-f]{10}\) on the deployed stack$/),
  ]);
  const { stdout: worktrees } = await execa("git", ["worktree", "list"], { cwd: import.meta.dirname });
  expect(worktrees).not.toContain("fidus-base-");
}, 600_000);

test("uninstall refuses while servers stand that only the state knows", async () => {
  const { code, stderr } = await fidus("uninstall", "--yes");
  expect(code, stderr).toBe(3);
  expect(stderr).toContain('eval "$(./fidus env shop)" && pulumi destroy');
}, 60_000);

/** Refused at the create itself: the question a moment before does not hear of it. */
const soldOut = (...types: string[]): object => ({
  refusals: types.map((serverType) => ({
    type: "hcloud:index/server",
    where: { serverType },
    message: "error during placement (resource_unavailable)",
  })),
});

test("types that are sold out at the create lead to the next of the list in the same run; a list at its end is named", async () => {
  await configured("rare");
  home.clouds.hcloud.faults.faults = soldOut("cx53", "cpx62", "ccx33");
  const failed = await fidus("up", "rare", "--yes", "--json");
  expect(failed.code, failed.stderr).toBe(1);
  expect(failed.stdout).toContain("serverTypes: got cx53,cpx62,ccx33; needs one that Hetzner has in nbg1 now.");
  const server = (): unknown =>
    home.clouds.hcloud.store.all().find(({ type, inputs }) => type.endsWith(":Server") && /-rare-/.test(String(inputs["name"])))
      ?.inputs["serverType"];
  expect(server()).toBeUndefined();
  home.clouds.hcloud.faults.faults = soldOut("cx53", "cpx62");
  const again = await fidus("up", "rare", "--yes", "--json");
  expect(again.code, again.stderr).toBe(0);
  expect(again.stderr).toContain("Hetzner had no cpx62 when it was to be made");
  expect(server()).toBe("ccx33");
  home.clouds.hcloud.faults.faults = {};
  const { stdout } = await fidus("up", "rare", "--json");
  expect(Object.keys((JSON.parse(stdout) as { stacks: { changes: object }[] }).stacks[0]?.changes ?? {})).toEqual(["same"]);
  expect([server(), home.api.probes]).toEqual(["ccx33", []]);
}, 400_000);

test("a pro cluster asks first, is made from the network up, is the same at the second up, and goes as the page says [P-03]", async () => {
  const own = (): readonly string[] => {
    const things = home.clouds.hcloud.store.all().filter(({ name }) => name.startsWith("cluster-"));
    return things.map(({ type }) => type.split(":").at(-1) ?? "");
  };
  await home.must("init", "pro", "--name", "crew", "--json");
  await home.configure("crew", { ...complete.pro, cloudflareToken: "c".repeat(40), topology: "compact" });
  const asked = await fidus("up", "crew");
  expect([asked.code, own()]).toEqual([2, []]);
  expect(asked.stderr).toContain("--yes");
  const begun = home.clouds.hcloud.faults.operations.length;
  const { code, stdout, stderr } = await fidus("up", "crew", "--yes", "--json");
  expect(code, stderr).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ stacks: [{ stack: "crew", edition: "pro", url: "https://assistant.fidus.test" }] });
  expect(own().filter((type) => type === "Server")).toHaveLength(5);
  const order = home.clouds.hcloud.faults.operations.slice(begun).map(({ name }) => name);
  const steps = ["cluster-network-network", "cluster-network-subnet", "cluster-node-1-server-server", "cluster-balancer-node-1"];
  expect(steps.map((name) => order.indexOf(name))).toEqual(steps.map((name) => order.indexOf(name)).toSorted((a, b) => a - b));
  expect(order).toEqual(expect.arrayContaining(steps));
  const second = JSON.parse(await home.must("up", "crew", "--json")) as { stacks: { changes: object }[] };
  expect(Object.keys(second.stacks[0]?.changes ?? {})).toEqual(["same"]);
  await home.pulumi("crew", ["destroy", "--ignore-protect", "--yes", "--skip-preview"]);
  expect(own()).toEqual([]);
}, 400_000);

test("preview of an enterprise NAME is a card for each of its stacks, and their sum", async () => {
  const made = await home.must("init", "enterprise", "--name", "acme", "--json");
  const { stacks } = JSON.parse(made) as { stacks: { stack: string; edition: keyof typeof complete }[] };
  for (const { stack, edition } of stacks) {
    const { region: _, peerRegion: __, vpcRange: ___, ...settings } = complete[edition];
    await home.configure(stack, settings);
  }
  // Both regions have something without a price; nothing is deployed.
  const { code, stdout, stderr } = await fidus("preview", "acme", "--budget", "9000USD", "--json");
  expect(code, stderr).toBe(3);
  const set = cardSetSchema.parse(JSON.parse(stdout));
  expect(set.cards.map(({ stack, complete, baseline }) => [stack, complete, baseline])).toEqual(
    ["acme-global", "acme-eu-central-1", "acme-eu-west-1"].map((stack) => [stack, true, "empty"]),
  );
  const after = set.cards.map(({ totals }) => Number(totals[0]?.after));
  expect(Number(set.totals[0]?.after)).toBeCloseTo(after[0]! + after[1]! + after[2]!, 6);
  expect(Math.min(...after)).toBeGreaterThan(0);
  expect(set.verdict.reasons.join()).toContain("so that nobody can say the budget is kept");
}, 300_000);

test("doctor STACK asks for the backup bucket with the stack's own credentials", async () => {
  const account = { accessKeyId: "AKIDEXAMPLEOFATEST", secretAccessKey: "secret-key-of-a-test", buckets: ["fidus-backup"] };
  await using s3 = await StandInS3.start(account);
  await home.must("init", "pro", "--name", "bucket-shop", "--json");
  await home.configure("bucket-shop", {
    ...complete.pro,
    cloudflareToken: "c".repeat(40),
    backupEndpoint: s3.endpoint,
    backupAccessKeyId: account.accessKeyId,
  });
  const bucket = async (): Promise<object | undefined> => {
    const { stdout } = await fidus("doctor", "bucket-shop", "--json");
    return (JSON.parse(stdout) as { checks: { id: string }[] }).checks.find(({ id }) => id === "bucket");
  };
  expect(await bucket()).toMatchObject({ status: "ok", detail: `fidus-backup at ${s3.endpoint}` });
  await home.configure("bucket-shop", { backupSecretKey: "another-key-of-a-test" });
  expect(await bucket()).toMatchObject({ status: "fail", fix: "pulumi config set --secret backupSecretKey" });
  expect(s3.calls).toEqual(["GET /fidus-backup ok", "GET /fidus-backup SignatureDoesNotMatch"]);
  const { code, stderr } = await fidus("doctor", "bucket-shopp");
  expect([code, stderr]).toEqual([2, expect.stringContaining("there is no such stack")]);
}, 120_000);
