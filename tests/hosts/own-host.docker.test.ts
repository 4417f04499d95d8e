import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Problem } from "../../infra/core/errors.ts";
import { CloudHome } from "../engine/cloud-home.ts";
import { TestHost } from "./test-host.ts";

/** Starter on a machine of the operator's: a Debian 13 host over SSH. The clouds are simulated, to see that nothing is bought. */
const checkout = join(import.meta.dirname, "../..");
const other = `ssh-ed25519 ${Buffer.from([0, 0, 0, 11, ...Buffer.from("ssh-ed25519"), 0, 0, 0, 32, ...Buffer.alloc(32, 7)]).toString("base64")}`;
let home: CloudHome;
let host: TestHost;
let asFound: string;

/** What is installed and configured there, and who it knows. */
const content = (): Promise<string> =>
  host.run(
    "{ dpkg --list; find /etc /root /home /opt /srv /usr/local -xdev -type f -printf '%p %s %T@\\n' | sort; systemctl list-units --plain --no-legend --type=service | cut -d' ' -f1 | grep -v -e '^user@' -e '^user-runtime-dir@'; } | sha256sum",
  );
const signedIn = (): Promise<string> =>
  host.run("journalctl --no-pager --unit ssh --grep 'Accepted publickey for (root|ops)' | wc -l");
const bought = (): unknown[] => Object.values(home.clouds).flatMap(({ store, faults }) => [...store.all(), ...faults.operations]);

interface Answer {
  readonly error?: { readonly code: string; readonly problems: readonly Problem[] };
  readonly stacks?: readonly { readonly changes: object }[];
}

async function up(): Promise<{ readonly code: number | null; readonly answer: Answer }> {
  const { code, stdout } = await home.fidus("up", "mine", "--yes", "--json");
  return { code, answer: JSON.parse(stdout) as Answer };
}

const pulumi = async (...args: string[]): Promise<string> => {
  const env = JSON.parse(await home.must("env", "mine", "--json")) as Record<string, string>;
  const settings = { ...env, ...home.env, HOME: home.folder };
  return (await execa("pulumi", [...args, "--stack", "mine"], { cwd: checkout, env: settings, extendEnv: false })).stdout;
};

beforeAll(async () => {
  [home, host] = await Promise.all([CloudHome.create("hcloud", "cloudflare"), TestHost.start({ name: "own" })]);
  await host.run(
    "useradd --create-home ops && mkdir ~ops/.ssh && cp ~/.ssh/authorized_keys ~ops/.ssh/ && chown -R ops: ~ops/.ssh",
  );
  await home.must("init", "starter", "--name", "mine", "--env", "staging", "--json");
  await home.configure("mine", {
    provider: "own-host",
    domain: "assistant.fidus.test",
    hostAddress: host.address,
    hostKey: other,
    sshPrivateKey: host.privateKey,
    dnsProvider: "none",
    backupTarget: "none",
  });
  asFound = await content();
}, 600_000);

afterAll(async () => {
  await host?.stop();
  await home?.[Symbol.asyncDispose]();
});

test("another host key than the pinned one ends it before anyone signs in and before anything is made", async () => {
  const before = await signedIn();
  const { code, answer } = await up();
  expect([code, answer.error]).toMatchObject([
    1,
    {
      code: "own-host",
      problems: [
        {
          path: "hostKey",
          got: `another host key from ${host.address}:22`,
          rule: "the pinned one",
          fix: expect.stringContaining("pulumi config set hostKey 'ssh-ed25519 AAAA…'"),
        },
      ],
    },
  ]);
  // The look at the journal signs in by itself.
  expect(Number(await signedIn())).toBe(Number(before) + 1);
  expect(bought()).toEqual([]);
}, 120_000);

test("an address where nobody answers and a user who may not sign in are told apart, each with its key", async () => {
  await home.configure("mine", { hostKey: host.hostKey, hostPort: "2222" });
  expect((await up()).answer.error?.problems).toEqual([
    {
      path: "hostAddress",
      got: host.address,
      rule: expect.stringMatching(/^an SSH server that answers at port 2222 \(.*ECONNREFUSED/),
      fix: "pulumi config set hostAddress 192.0.2.10 (and hostPort)",
    },
  ]);
  await home.configure("mine", { hostPort: "22", hostUser: "nobody" });
  expect((await up()).answer.error?.problems).toEqual([
    {
      path: "hostUser",
      got: "nobody",
      rule: "a user whom sshPrivateKey signs in",
      fix: "pulumi config set hostUser root, or: pulumi config set --secret sshPrivateKey",
    },
  ]);
}, 120_000);

test("a user without sudo and another system than Debian 13 are refused together, with what repairs each", async () => {
  await home.configure("mine", { hostUser: "ops" });
  await host.run(
    "cp /etc/os-release /tmp/os-release && sed 's/^VERSION_ID=.*/VERSION_ID=\"12\"/' /tmp/os-release > /run/os && mount --bind /run/os /etc/os-release",
  );
  const { code, answer } = await up();
  await host.run("umount /etc/os-release");
  expect(code).toBe(1);
  expect(answer.error?.problems).toEqual([
    expect.objectContaining({ path: "hostAddress", got: "debian 12 with systemd", rule: "Debian 13 with systemd" }),
    expect.objectContaining({ path: "hostUser", got: "ops", fix: expect.stringContaining("/etc/sudoers.d/ops") }),
  ]);
}, 120_000);

test("up on the machine buys nothing, names it in the outputs with its pinned key, and a second up changes nothing", async () => {
  await home.configure("mine", { hostUser: "root" });
  const { code, answer } = await up();
  expect(code, JSON.stringify(answer)).toBe(0);
  expect(bought()).toEqual([]);
  const outputs = JSON.parse(await pulumi("stack", "output", "--json")) as Record<string, unknown>;
  expect(outputs["hosts"]).toEqual([{ name: "host", address: host.address, port: 22, user: "root", hostKey: host.hostKey }]);
  expect(await pulumi("stack", "export")).not.toContain("PRIVATE KEY");
  const again = await up();
  expect(Object.keys(again.answer.stacks?.[0]?.changes ?? {})).toEqual(["same"]);
}, 180_000);

test("doctor STACK looks at the machine", async () => {
  const { checks } = JSON.parse((await home.fidus("doctor", "mine", "--json")).stdout) as {
    checks: { id: string; status: string }[];
  };
  expect(checks).toContainEqual(expect.objectContaining({ id: "host", status: "ok" }));
  expect(checks).toContainEqual(expect.objectContaining({ id: "host-system", status: "ok", detail: "debian 13 with systemd" }));
}, 60_000);

test("a destroy leaves the machine as it was found", async () => {
  await pulumi("destroy", "--yes", "--skip-preview");
  expect(JSON.parse(await pulumi("stack", "export"))).not.toHaveProperty("deployment.resources");
  expect(await content()).toBe(asFound);
}, 120_000);
