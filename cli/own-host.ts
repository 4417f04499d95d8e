import type { Client } from "ssh2";
import type { ConfigOf } from "../infra/config/types.ts";
import { PluginError } from "../toolchain/providers/grpc-server.ts";
import { connection, OtherHostKeyError, UnreachableError, withSsh } from "../toolchain/providers/ssh.ts";
import { fail, minimum, ok, warn, type Check } from "./preflight.ts";

type Starter = ConfigOf<"starter">;

/** The keys that say where a machine of the operator's is, and who signs in. */
export type OwnHostSettings = Pick<Starter, "hostAddress" | "hostPort" | "hostUser" | "hostKey" | "sshPrivateKey" | "serverSize">;

/** What starter is made for: the smallest of the servers that it would buy of each size. Bytes. */
const wanted = {
  standard: { cores: 8, memory: 32e9 },
  small: { cores: 8, memory: 16e9 },
} as const satisfies Record<Starter["serverSize"], { cores: number; memory: number }>;

/** What the machine says of itself, one line each; it reads, and changes nothing. */
const questions = `. /etc/os-release
echo "$ID"
echo "$VERSION_ID"
cat /proc/1/comm
if [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; then echo yes; else echo no; fi
nproc
awk '/^MemTotal:/ { printf "%.0f\\n", $2 * 1024 }' /proc/meminfo
df -PB1 / | awk 'NR == 2 { print $4 }'
`;
const dialSeconds = 10;

/**
 * Looks at the operator's own machine over SSH with its pinned key, as the one who will set it up: Debian 13 with systemd, root,
 * and large enough. Another host key ends the look before anyone has signed in.
 */
export async function ownHostChecks(settings: OwnHostSettings, signal: AbortSignal): Promise<Check[]> {
  const answers = await ask(settings, signal);
  if (!Array.isArray(answers)) return [answers];
  const [id = "", version = "", init = "", root = "", ...figures] = answers;
  const [cores = 0, memory = 0, disk = 0] = figures.map(Number);
  return [
    ok("host", "Your machine", `${settings.hostUser}@${settings.hostAddress}:${settings.hostPort}, with the pinned host key`),
    systemCheck(id, version, init),
    rootCheck(root, settings),
    sizeCheck({ id: "host-cores", title: "Its processor cores", got: cores, least: minimum.cores, unit: "" }, settings, "cores"),
    sizeCheck({ id: "host-memory", title: "Its memory", got: memory, least: minimum.memory, unit: " GB" }, settings, "memory"),
    diskCheck(disk),
  ];
}

/** The machine's answers, or why there are none. */
async function ask(settings: OwnHostSettings, signal: AbortSignal): Promise<string[] | Check> {
  const { hostAddress, hostPort, hostUser, hostKey, sshPrivateKey } = settings;
  const problem = (path: string, got: unknown, rule: string, fix: string): Check =>
    fail("host", "Your machine", { path, got, rule, fix });
  try {
    const to = connection.parse({
      ...{ host: hostAddress, port: hostPort, user: hostUser, hostKey, privateKey: sshPrivateKey },
      // Not the keys of an agent, which is on this machine alone; and once: Debian 13 shuts out who fails to sign in again and again.
      ...{ agentSocketPath: "", dialErrorLimit: 1, perDialTimeout: dialSeconds },
    });
    const said = await withSsh(to, { log: () => undefined, signal }, (client) => printed(client, questions));
    return said.trim().split("\n");
  } catch (error) {
    if (error instanceof OtherHostKeyError) {
      const fix = `Who answers there is not the machine of hostKey. If it was set up anew, read its key on it: cat /etc/ssh/ssh_host_ed25519_key.pub, then: pulumi config set hostKey 'ssh-ed25519 AAAA…'`;
      return problem("hostKey", `another host key from ${hostAddress}:${hostPort}`, "the pinned one", fix);
    }
    if (error instanceof UnreachableError && error.refused) {
      const rule = "a user whom sshPrivateKey signs in";
      return problem("hostUser", hostUser, rule, "pulumi config set hostUser root, or: pulumi config set --secret sshPrivateKey");
    }
    if (error instanceof UnreachableError) {
      const rule = `an SSH server that answers at port ${hostPort} (${error.reason})`;
      return problem("hostAddress", hostAddress, rule, "pulumi config set hostAddress 192.0.2.10 (and hostPort)");
    }
    if (error instanceof PluginError)
      return problem("sshPrivateKey", "no key that can be used", error.message, "pulumi config set --secret sshPrivateKey");
    throw error;
  }
}

/** What a shell there prints when it is given this on its standard input. */
function printed(client: Client, script: string): Promise<string> {
  return new Promise((resolve, reject) => {
    client.exec("sh -s", (error, channel) => {
      if (error) return reject(error);
      let text = "";
      channel.on("data", (chunk: Buffer) => (text += chunk.toString()));
      channel.stderr.resume();
      channel.once("close", () => resolve(text));
      channel.end(script);
    });
  });
}

function systemCheck(id: string, version: string, init: string): Check {
  const title = "Its system";
  const got = `${id} ${version} with ${init}`;
  if (id === "debian" && version === "13" && init === "systemd") return ok("host-system", title, got);
  const fix = "Install Debian 13 on it, or let Fidus buy a server: pulumi config set provider hetzner";
  return fail("host-system", title, { path: "hostAddress", got, rule: "Debian 13 with systemd", fix });
}

function rootCheck(root: string, { hostUser }: OwnHostSettings): Check {
  const title = "Its administrator";
  if (root === "yes") return ok("host-root", title, hostUser);
  const fix = `On it, as root: echo '${hostUser} ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/${hostUser}`;
  return fail("host-root", title, { path: "hostUser", got: hostUser, rule: "root, or a user with sudo without a password", fix });
}

interface Sized {
  readonly id: string;
  readonly title: string;
  readonly got: number;
  readonly least: number;
  readonly unit: "" | " GB";
}

function sizeCheck({ id, title, got, least, unit }: Sized, { serverSize }: OwnHostSettings, what: "cores" | "memory"): Check {
  const shown = (value: number): string => (unit === "" ? String(value) : `${(value / 1e9).toFixed(0)} GB`);
  const best = wanted[serverSize][what];
  if (got < least) {
    const fix = "Give the machine more, or let Fidus buy a server: pulumi config set provider hetzner";
    return fail(id, title, { path: "hostAddress", got: `${shown(got)} of ${what}`, rule: `${shown(least)} or more`, fix });
  }
  // A machine sold with 32 GB shows a little less.
  if (got < best * 0.9)
    return warn(id, title, `${shown(got)}; ${shown(best)} for serverSize ${serverSize}`, "Fewer people, smaller models.");
  return ok(id, title, shown(got));
}

function diskCheck(free: number): Check {
  const [title, shown] = ["Its disk", `${(free / 1e9).toFixed(0)} GB free`];
  if (free >= minimum.disk) return ok("host-disk", title, shown);
  const rule = `${(minimum.disk / 1e9).toFixed(0)} GB free`;
  return fail("host-disk", title, { path: "hostAddress", got: shown, rule, fix: "On it: df -h /; then make room." });
}
