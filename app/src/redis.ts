import { Redis } from "ioredis";
import type { Logger } from "./log.ts";

const channel = "fidus:cancel";
const keyOf = (messageId: string): string => `fidus:cancel:${messageId}`;
/** How long a cancel stays readable for a replica that missed the message. */
const keySeconds = 60;

/** What the app needs of Redis. Nothing in it is the only copy of anything: all of it may vanish. */
export interface CancelBus {
  /** Tells every replica to stop this answer. False: Redis is away, nobody was told. */
  readonly publish: (messageId: string) => Promise<boolean>;
  /** True when a cancel was published lately; false also when Redis is away. */
  readonly wasCancelled: (messageId: string) => Promise<boolean>;
  /** Calls back for each published cancel. `onResume` runs after a reconnect, when messages may have been lost. */
  readonly listen: (onCancel: (messageId: string) => void, onResume: () => void) => void;
  /** The connection for commands; they fail at once while Redis is away. */
  readonly commands: Redis;
  /** False while Redis is away. */
  readonly ready: () => boolean;
  /** @throws when Redis does not answer. */
  readonly ping: () => Promise<void>;
  readonly close: () => void;
}

/** Connects in the background and for ever: commands fail fast while Redis is away, the app goes on without it. */
export function createRedisBus(url: string, log: Logger): CancelBus {
  const options = {
    lazyConnect: true,
    connectTimeout: 3_000,
    commandTimeout: 2_000,
    maxRetriesPerRequest: 1,
    enableOfflineQueue: false,
    // One write for what is asked in the same turn.
    enableAutoPipelining: true,
    retryStrategy: (attempt: number) => Math.min(attempt * 200, 3_000),
  };
  const commands = new Redis(url, options);
  const subscriber = new Redis(url, { ...options, autoResubscribe: false });
  for (const client of [commands, subscriber]) {
    let away = false;
    client.on("error", (error: Error) => {
      if (!away) log.warn({ err: { message: error.message } }, "redis is away; going on without it");
      away = true;
    });
    client.on("ready", () => (away = false));
  }
  void commands.connect().catch(() => {});
  return {
    commands,
    ready: () => commands.status === "ready",
    publish: async (messageId) => {
      try {
        await commands.multi().set(keyOf(messageId), "1", "EX", keySeconds).publish(channel, messageId).exec();
        return true;
      } catch {
        return false;
      }
    },
    wasCancelled: async (messageId) => {
      try {
        return (await commands.exists(keyOf(messageId))) === 1;
      } catch {
        return false;
      }
    },
    listen: (onCancel, onResume) => {
      subscriber.on("message", (_channel: string, messageId: string) => onCancel(messageId));
      subscriber.on("ready", () => {
        subscriber.subscribe(channel).then(onResume, () => {});
      });
      void subscriber.connect().catch(() => {});
    },
    ping: async () => {
      await commands.ping();
    },
    close: () => {
      commands.disconnect();
      subscriber.disconnect();
    },
  };
}
