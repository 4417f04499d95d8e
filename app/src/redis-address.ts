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
  const { scheme = "", user = "", password = "", hosts = "", db = "0", group = "" } = form.exec(url)?.groups ?? {};
  const sentinels = hosts.split(",").map((text) => {
    const { name = "", port = "" } = host.exec(text)?.groups ?? {};
    return { host: name.replace(/^\[|\]$/g, ""), port: Number(port) };
  });
  if (group === "" || !sentinels.every(({ host: name, port }) => name !== "" && port > 0 && port < 65_536)) return null;
  const secret = decodeURIComponent(password);
  return {
    sentinels,
    name: group,
    db: Number(db),
    ...(user === "" ? {} : { username: decodeURIComponent(user) }),
    ...(secret === "" ? {} : { password: secret, sentinelPassword: secret }),
    ...(scheme === "rediss-sentinel" ? { tls: {}, enableTLSForSentinelMode: true } : {}),
  };
}
