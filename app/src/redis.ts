import { Redis, type RedisOptions } from "ioredis";
import type { Logger } from "./log.ts";
import { sentinelOptions } from "./redis-address.ts";

/** What the app needs of Redis. Nothing in it is the only copy of anything: all of it may vanish. */
export interface RedisBus {
  /** Tells every replica that listens. False: Redis is away, nobody was told. */
  readonly publish: (channel: string, message: string) => Promise<boolean>;
  /** As `publish`, and leaves a note at `key` for those who miss the message. Units: `seconds` the note is kept. */
  readonly publishAndKeep: (channel: string, message: string, key: string, seconds: number) => Promise<boolean>;
  /** True when there is a note at `key`; false also when Redis is away. */
  readonly hasNote: (key: string) => Promise<boolean>;
  /** Calls back for each message of the channel until the returned function is called. One listener a channel. */
  readonly listen: (channel: string, onMessage: (message: string) => void) => () => void;
  /** Runs after each reconnect, when messages may have been lost. */
  readonly onResume: (resumed: () => void) => void;
  /** The connection for commands; they fail at once while Redis is away. */
  readonly commands: Redis;
  /** False while Redis is away. */
  readonly ready: () => boolean;
  /** @throws when Redis does not answer. */
  readonly ping: () => Promise<void>;
  readonly close: () => void;
}

const options = {
  lazyConnect: true,
  connectTimeout: 3_000,
  commandTimeout: 2_000,
  maxRetriesPerRequest: 1,
  enableOfflineQueue: false,
  // One write for what is asked in the same turn.
  enableAutoPipelining: true,
  retryStrategy: (attempt: number) => Math.min(attempt * 200, 3_000),
} as const satisfies RedisOptions;

/** Connects in the background and for ever: commands fail fast while Redis is away, the app goes on without it. */
export function createRedisBus(url: string, log: Logger): RedisBus {
  const commands = connect(url);
  const subscriber = connect(url, { autoResubscribe: false });
  for (const client of [commands, subscriber]) {
    let away = false;
    client.on("error", (error: Error) => {
      if (!away) log.warn({ err: { message: error.message } }, "redis is away; going on without it");
      away = true;
    });
    client.on("ready", () => (away = false));
    void client.connect().catch(() => {});
  }
  const listeners = new Map<string, (message: string) => void>();
  const resumed = new Set<() => void>();
  subscriber.on("message", (channel: string, message: string) => listeners.get(channel)?.(message));
  subscriber.on("ready", () => {
    const channels = [...listeners.keys()];
    if (channels.length === 0) return;
    subscriber.subscribe(...channels).then(
      () => {
        for (const tell of resumed) tell();
      },
      () => {},
    );
  });
  return {
    commands,
    ready: () => commands.status === "ready",
    publish: (channel, message) => succeeds(commands.publish(channel, message)),
    publishAndKeep: (channel, message, key, seconds) =>
      succeeds(commands.multi().set(key, "1", "EX", seconds).publish(channel, message).exec()),
    hasNote: async (key) => {
      try {
        return (await commands.exists(key)) === 1;
      } catch {
        return false;
      }
    },
    listen: (channel, onMessage) => {
      listeners.set(channel, onMessage);
      // While the connection is away, "ready" subscribes.
      if (subscriber.status === "ready") void subscriber.subscribe(channel).catch(() => {});
      return () => {
        listeners.delete(channel);
        if (subscriber.status === "ready") void subscriber.unsubscribe(channel).catch(() => {});
      };
    },
    onResume: (tell) => void resumed.add(tell),
    ping: async () => {
      await commands.ping();
    },
    close: () => {
      commands.disconnect();
      subscriber.disconnect();
    },
  };
}

function connect(url: string, more: { readonly autoResubscribe?: boolean } = {}): Redis {
  const sentinels = sentinelOptions(url);
  if (sentinels === null) return new Redis(url, { ...options, ...more });
  const { retryStrategy: sentinelRetryStrategy } = options;
  // A master that hangs closes no connection: the Sentinels tell when it is one no more.
  return new Redis({ ...sentinels, ...options, ...more, sentinelRetryStrategy, failoverDetector: true });
}

async function succeeds(command: Promise<unknown>): Promise<boolean> {
  try {
    await command;
    return true;
  } catch {
    return false;
  }
}
