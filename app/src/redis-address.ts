import type { SentinelAddress } from "ioredis";

const form =
  /^(?<scheme>rediss?-sentinel):\/\/(?:(?<user>[^:@/]*):(?<password>[^@/]*)@)?(?<hosts>[^@/?#]+)(?:\/(?<db>\d{1,4}))?#(?<group>[\w.-]+)$/;
const host = /^(?<name>[\w.-]+|\[[\da-f:]+\]):(?<port>\d{1,5})$/i;

/** As ioredis takes them. */
export interface SentinelOptions {
  readonly sentinels: SentinelAddress[];
  /** Which of the groups that they watch. */
  readonly name: string;
  readonly db: number;
  readonly username?: string;
  readonly password?: string;
  readonly sentinelPassword?: string;
  readonly tls?: object;
  readonly enableTLSForSentinelMode?: boolean;
}

/**
 * Where Redis is behind Sentinels, from `redis-sentinel://:password@host:port,host:port/0#group` (`rediss-sentinel` with TLS). The
 * password is that of the servers and of the Sentinels. Null: another form. Source of the form: the RedisURI of Lettuce.
 */
export function sentinelOptions(url: string): SentinelOptions | null {
  const { scheme = "", user = "", password: secret = "", hosts = "", db = "0", group = "" } = form.exec(url)?.groups ?? {};
  const sentinels = hosts.split(",").map((text) => {
    const { name = "", port = "" } = host.exec(text)?.groups ?? {};
    return { host: name.replace(/^\[|\]$/g, ""), port: Number(port) };
  });
  if (group === "" || !sentinels.every(({ host: name, port }) => name !== "" && port > 0 && port < 65_536)) return null;
  const [username, password] = [decoded(user), decoded(secret)];
  if (username === null || password === null) return null;
  return {
    sentinels,
    name: group,
    db: Number(db),
    ...(username === "" ? {} : { username }),
    ...(password === "" ? {} : { password, sentinelPassword: password }),
    ...(scheme === "rediss-sentinel" ? { tls: {}, enableTLSForSentinelMode: true } : {}),
  };
}

/** Whether ioredis understands the address of one server: what is percent-encoded can be read, and the database is a number. */
export function isServerAddress(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || !["redis:", "rediss:"].includes(url.protocol)) return false;
  return decoded(url.username) !== null && decoded(url.password) !== null && /^(\/\d{0,4})?$/.test(url.pathname);
}

/** Null: broken percent-encoding. */
function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
