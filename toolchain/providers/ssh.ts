import { createPrivateKey } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { AuthenticationType, Client, ClientChannel, ConnectConfig } from "ssh2";
import { z } from "zod";
import { PluginError } from "./grpc-server.ts";
import { opensshPrivateKey } from "./openssh-key.ts";
import type { Log } from "./resource.ts";

/** Waits between dials: the first one, how it grows, and its limit, ms. */
const firstWait = 100;
const waitGrowth = 1.5;
const longestWait = 5_000;
/** A peer that answers none of these in a row is gone: interval in ms, count. */
const keepaliveInterval = 15_000;
const keepaliveCount = 4;

const endpoint = z.strictObject({
  agentSocketPath: z.string().optional(),
  /** Dials before giving up; -1 = no limit. */
  dialErrorLimit: z.number().int().min(-1).default(10),
  host: z.string().min(1),
  /** authorized_keys form; absent = the server is not verified. */
  hostKey: z.string().optional(),
  password: z.string().optional(),
  /** Seconds for one dial; 0 = no limit. */
  perDialTimeout: z.number().min(0).default(15),
  port: z.number().int().min(1).max(65_535).default(22),
  privateKey: z.string().optional(),
  privateKeyPassword: z.string().optional(),
  user: z.string().default("root"),
});
type Endpoint = z.output<typeof endpoint>;

/** How to reach a host, directly or over a bastion. */
export const connection = endpoint.extend({ proxy: endpoint.optional() });
export type Connection = z.output<typeof connection>;

/** The parts of a connection that no message may show; the rest is secret in the state only. */
export const connectionSecrets = ["password", "privateKey", "privateKeyPassword"] as const;

/** A failure that another dial cannot repair. */
class FinalError extends PluginError {}

/** Somebody else answers at that address, or the machine was set up anew. */
export class OtherHostKeyError extends FinalError {}

/** Nobody answers, or whoever does lets the user not in. */
export class UnreachableError extends PluginError {
  /** What the last dial ended with. */
  readonly reason: string;
  /** The server was reached and has the pinned key; user or key are not its own. */
  readonly refused: boolean;

  constructor(message: string, reason: string) {
    super(message);
    this.reason = reason;
    this.refused = /authentication methods failed/.test(reason);
  }
}

/** What a dial needs from its surroundings. */
export interface DialOptions {
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Runs `use` with an authenticated connection and closes it afterwards, whatever happens. */
export async function withSsh<T>(to: Connection, options: DialOptions, use: (client: Client) => Promise<T>): Promise<T> {
  const clients: Client[] = [];
  try {
    if (!to.proxy) return await use(await dial(to, "connection", options, clients));
    const bastion = await dial(to.proxy, "connection.proxy", options, clients);
    return await use(await dial(to, "connection", options, clients, bastion));
  } finally {
    for (const client of clients.reverse()) client.end();
  }
}

async function dial(to: Endpoint, path: string, options: DialOptions, clients: Client[], over?: Client): Promise<Client> {
  const config = await configFor(to, path);
  for (let tries = 1; ; tries += 1) {
    options.signal.throwIfAborted();
    try {
      const client = await dialOnce(config, to, path, options.signal, over);
      clients.push(client);
      return client;
    } catch (error) {
      if (error instanceof FinalError) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      if (to.dialErrorLimit !== -1 && tries >= to.dialErrorLimit) throw unreachable(to, path, reason, tries);
      const limit = to.dialErrorLimit === -1 ? "no limit" : String(to.dialErrorLimit);
      options.log("info", `Dial ${tries}/${limit} failed: retrying (${reason})`, { status: true });
      await delay(Math.min(longestWait, firstWait * waitGrowth ** (tries - 1)), undefined, { signal: options.signal });
    }
  }
}

function unreachable(to: Endpoint, path: string, reason: string, tries: number): UnreachableError {
  const rule = "needs an SSH server that answers there and accepts the user's key or password";
  return new UnreachableError(
    `${path}: got "${reason}" from ${to.user}@${to.host}:${to.port} in ${tries} dials; ${rule}. Repair it and run pulumi up`,
    reason,
  );
}

async function dialOnce(config: ConnectConfig, to: Endpoint, path: string, signal: AbortSignal, over?: Client): Promise<Client> {
  const sock = over ? await forward(over, to) : undefined;
  const { Client } = await loadSsh2();
  const client = new Client();
  let wrongKey = false;
  const pinned = to.hostKey === undefined ? undefined : pinnedKey(to.hostKey, path);
  const stop = (): void => void client.destroy();
  signal.addEventListener("abort", stop, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      client.once("ready", resolve);
      client.once("error", reject);
      client.once("close", () => reject(new Error("connection closed")));
      client.on("keyboard-interactive", (_name, _instructions, _language, prompts, answer) =>
        answer(prompts.map(() => to.password ?? "")),
      );
      const hostVerifier = (key: Buffer): boolean => {
        wrongKey = pinned !== undefined && !pinned.blob.equals(key);
        return !wrongKey;
      };
      client.connect({ ...config, hostVerifier, ...(sock ? { sock } : {}) });
    });
    client.on("error", () => undefined); // from now on the channel reports the loss
    return client;
  } catch (error) {
    client.destroy();
    if (!wrongKey) throw error;
    const got = `another host key from ${to.host}:${to.port}`;
    throw new OtherHostKeyError(
      `${path}.hostKey: got ${got}; needs the pinned one. If the server was rebuilt, pin its new key: ssh-keyscan ${to.host}`,
    );
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

function forward(over: Client, to: Endpoint): Promise<ClientChannel> {
  return new Promise((resolve, reject) => {
    over.forwardOut("127.0.0.1", 0, to.host, to.port, (error, channel) => (error ? reject(error) : resolve(channel)));
  });
}

/** Reads `type base64 [comment]`. Throws with the input's path. */
export function pinnedKey(text: string, path: string): { type: string; blob: Buffer } {
  const [type = "", encoded = ""] = text.trim().split(/\s+/);
  const blob = Buffer.from(encoded, "base64");
  const named = blob.length > 4 ? blob.subarray(4, 4 + blob.readUInt32BE(0)).toString() : "";
  if (type !== "" && named === type) return { type, blob };
  throw new FinalError(`${path}.hostKey: got no public key; needs the form "ssh-ed25519 AAAA…". ssh-keyscan -t ed25519 HOST`);
}

async function configFor(to: Endpoint, path: string): Promise<ConnectConfig> {
  const agent = to.agentSocketPath ?? process.env["SSH_AUTH_SOCK"];
  const methods: AuthenticationType[] = [
    ...(to.privateKey === undefined ? [] : (["publickey"] as const)),
    ...(to.password === undefined ? [] : (["password", "keyboard-interactive"] as const)),
    ...(agent ? (["agent"] as const) : []),
  ];
  return {
    host: to.host,
    port: to.port,
    username: to.user,
    readyTimeout: to.perDialTimeout * 1_000,
    keepaliveInterval,
    keepaliveCountMax: keepaliveCount,
    authHandler: ["none", ...methods],
    tryKeyboard: to.password !== undefined,
    ...(to.password === undefined ? {} : { password: to.password }),
    ...(agent ? { agent } : {}),
    ...(await keyFor(to, path)),
    ...(to.hostKey === undefined ? {} : { algorithms: { serverHostKey: hostKeyAlgorithms(pinnedKey(to.hostKey, path).type) } }),
  };
}

/** Only the pinned kind of key is asked for: a server with several would else show another one. */
function hostKeyAlgorithms(type: string): NonNullable<NonNullable<ConnectConfig["algorithms"]>["serverHostKey"]> {
  return (type === "ssh-rsa" ? ["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"] : [type]) as never;
}

async function keyFor(to: Endpoint, path: string): Promise<{ privateKey?: string; passphrase?: string }> {
  if (to.privateKey === undefined) return {};
  try {
    return await readableKey(to.privateKey, to.privateKeyPassword);
  } catch {
    const rule = "needs a private key in PEM or OpenSSH form, with privateKeyPassword if it is encrypted";
    throw new FinalError(`${path}.privateKey: got text that is no usable key; ${rule}. ssh-keygen -y -f FILE`);
  }
}

/** ssh2 reads no PKCS #8: such keys are given to it in OpenSSH form, already decrypted. */
async function readableKey(text: string, passphrase: string | undefined): Promise<{ privateKey: string; passphrase?: string }> {
  const withPassphrase = passphrase === undefined ? {} : { passphrase };
  if (/-----BEGIN (ENCRYPTED )?PRIVATE KEY-----/.test(text)) {
    return { privateKey: opensshPrivateKey(createPrivateKey({ key: text, ...withPassphrase })) };
  }
  const { utils } = await loadSsh2();
  const parsed = utils.parseKey(text, passphrase);
  if (parsed instanceof Error) throw parsed;
  return { privateKey: text, ...withPassphrase };
}

/** Only when something is dialled: most runs change nothing on a server, and the engine waits for the plugin's start. */
async function loadSsh2(): Promise<typeof import("ssh2")> {
  return (await import("ssh2")).default;
}
