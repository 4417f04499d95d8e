import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, expect, test } from "vitest";
import { sshConnection, sshMachine, tunnelCommand } from "./ssh-tunnel.ts";

let folder = "";
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "fidus-ssh-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Environment in which `ssh` is this shell script; the real one is what tests/hosts uses. */
function withSsh(script: string): NodeJS.ProcessEnv {
  writeFileSync(join(folder, "ssh"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return { PATH: `${folder}:/usr/bin:/bin` };
}

test.each([
  ["ssh://box", "box", ["--", "box"]],
  ["ssh://root@10.0.0.2", "root@10.0.0.2", ["-l", "root", "--", "10.0.0.2"]],
  ["ssh://ops@box:2222", "-p 2222 ops@box", ["-l", "ops", "-p", "2222", "--", "box"]],
  ["ssh://ops@[fd00::2]:2222", "-p 2222 ops@fd00::2", ["-l", "ops", "-p", "2222", "--", "fd00::2"]],
])("%s is %s for people and for the ssh command", (dockerHost, destination, args) => {
  expect(sshMachine(dockerHost)).toEqual({ destination, args });
});

test("a socket and a TCP address are no machine behind SSH", () => {
  expect(sshMachine("unix:///var/run/docker.sock")).toBeNull();
  expect(sshMachine("tcp://127.0.0.1:2375")).toBeNull();
});

const far = {
  dockerHost: "ssh://root@box",
  services: "all",
  domain: null,
  bindAddress: "127.0.0.1",
  ...{ pagePort: 3000, apiPort: 8000, httpPort: 80, httpsPort: 443, postgresPort: 5432, redisPort: 6379 },
} as const;

test("ports on the loopback of a machine behind SSH come with the command that brings them here", () => {
  expect(tunnelCommand(far)).toBe("ssh -N -L 3000:127.0.0.1:3000 -L 8000:127.0.0.1:8000 root@box");
  expect(tunnelCommand({ ...far, services: "dependencies" })).toBe(
    "ssh -N -L 5432:127.0.0.1:5432 -L 6379:127.0.0.1:6379 root@box",
  );
});

test.each([
  ["an engine of this machine", { dockerHost: "unix:///var/run/docker.sock" }],
  ["a domain", { domain: "fidus.example" }],
  ["an address of the network", { bindAddress: "192.0.2.5" }],
])("%s needs no tunnel", (_name, change) => expect(tunnelCommand({ ...far, ...change })).toBeNull());

test("what ssh is asked for is the address as its machine sees it, and both directions arrive", async () => {
  const machine = sshMachine("ssh://root@box:2222");
  if (machine === null) throw new Error("no machine");
  const stream = sshConnection(machine, withSsh('echo "$*"; exec cat'), "::1", 3000);
  stream.end("question");
  expect(await text(stream)).toBe("-o ConnectTimeout=30 -T -W [::1]:3000 -l root -p 2222 -- box\nquestion");
});

test("a connection that ssh cannot make fails with what ssh said", async () => {
  const machine = sshMachine("ssh://box");
  if (machine === null) throw new Error("no machine");
  const stream = sshConnection(machine, withSsh("echo 'Host key verification failed.' >&2; exit 255"), "127.0.0.1", 3000);
  stream.write("lost");
  await expect(text(stream)).rejects.toThrow("ssh: Host key verification failed.");
});
