import { z } from "zod";
import { createApiKey, revokeApiKey } from "../auth/api-keys.ts";
import { findByEmail, firstAdmin } from "../auth/users.ts";
import { readDatabaseUrl } from "../config.ts";
import type { Env } from "../env.ts";
import { InvalidInputError, throwIfAny } from "../problems.ts";
import { print, readArguments } from "./arguments.ts";
import { withDb } from "./with-db.ts";

const usage = "key create [--email E] [--name N] [--ttl-seconds S] [--json], or key revoke ID [--json]";
const longestTtl = 10 * 365 * 24 * 3600;

/** API keys: made (shown once) and revoked. */
export async function run(args: readonly string[], env: Env): Promise<number> {
  const options = {
    email: { type: "string" },
    name: { type: "string" },
    "ttl-seconds": { type: "string" },
    json: { type: "boolean" },
  } as const;
  const { values, positionals } = readArguments(args, options, usage);
  const [command = "", id = "", ...rest] = positionals;
  const json = values.json === true;
  if (command === "create" && id === "") {
    const ttlSeconds = readTtl(values["ttl-seconds"]);
    return create(env, values.email ?? null, values.name ?? "made by the key command", ttlSeconds, json);
  }
  if (command === "revoke" && rest.length === 0) return revoke(env, id, json);
  throw new InvalidInputError([{ path: "key", got: positionals.join(" "), rule: "create, or revoke ID", fix: `Use: ${usage}` }]);
}

function readTtl(text: string | undefined): number | null {
  if (text === undefined) return null;
  const seconds = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  const valid = seconds >= 1 && seconds <= longestTtl;
  if (!valid)
    throwIfAny([{ path: "--ttl-seconds", got: text, rule: `whole seconds from 1 to ${longestTtl}`, fix: `Use: ${usage}` }]);
  return seconds;
}

/** Without an e-mail the key belongs to the first administrator. */
function create(env: Env, email: string | null, name: string, ttlSeconds: number | null, json: boolean): Promise<number> {
  return withDb(readDatabaseUrl(env), async (db) => {
    const owner = email === null ? await firstAdmin(db) : ((await findByEmail(db, email))?.user ?? null);
    if (owner === null) {
      const fix = "Make one: admin create --email E";
      throw new InvalidInputError([{ path: "--email", got: email, rule: "the address of an active account", fix }]);
    }
    print({ ...(await createApiKey(db, { userId: owner.id, name, ttlSeconds })) }, json);
    return 0;
  });
}

function revoke(env: Env, id: string, json: boolean): Promise<number> {
  const unknown = (): InvalidInputError =>
    new InvalidInputError([{ path: "ID", got: id, rule: "the id of a key", fix: "It was printed by key create." }]);
  if (!z.uuid().safeParse(id).success) throw unknown();
  return withDb(readDatabaseUrl(env), async (db) => {
    if (!(await revokeApiKey(db, id))) throw unknown();
    print({ id, revoked: true }, json);
    return 0;
  });
}
