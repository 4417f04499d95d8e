import { createApiKey } from "../auth/api-keys.ts";
import { generatePassword, hashPassword } from "../auth/password.ts";
import { countAdmins, createUser, EmailTakenError, isEmail, userRoles, type UserRole } from "../auth/users.ts";
import { readDatabaseUrl } from "../config.ts";
import { transaction, type Db } from "../db/pool.ts";
import type { Env } from "../env.ts";
import { InvalidInputError, throwIfAny, type Problem } from "../problems.ts";
import { print, readArguments } from "./arguments.ts";
import { listAccounts } from "./admin-list.ts";
import { eraseAccount, exportAccount, sealAll } from "./admin-privacy.ts";
import { withDb } from "./with-db.ts";

const usage =
  "admin create --email E [--name N] [--role admin|user] [--json], admin export --email E, admin erase --email E [--json], " +
  "admin seal [--json], admin list [--json], or admin count [--json]";
const commands = ["create", "count", "list", "export", "erase", "seal"];

/** Accounts and what is sealed for them. Accounts are made with a password and a key that are shown this once. */
export async function run(args: readonly string[], env: Env): Promise<number> {
  const options = {
    email: { type: "string" },
    name: { type: "string" },
    role: { type: "string" },
    json: { type: "boolean" },
  } as const;
  const { values, positionals } = readArguments(args, options, usage);
  const [command = "", ...rest] = positionals;
  if (rest.length > 0 || !commands.includes(command)) {
    throw new InvalidInputError([{ path: "admin", got: positionals.join(" "), rule: commands.join(", "), fix: `Use: ${usage}` }]);
  }
  const json = values.json === true;
  if (command === "list") return listAccounts(env, json);
  if (command === "seal") return sealAll(env, json);
  if (command === "export") return exportAccount(env, values.email ?? "");
  if (command === "erase") return eraseAccount(env, values.email ?? "", json);
  if (command === "count") return withDb(readDatabaseUrl(env), async (db) => done({ admins: await countAdmins(db) }, json));
  const { email = "", name = email.split("@", 1)[0] ?? "", role = "admin" } = values;
  throwIfAny(accountProblems(email, name, role));
  const databaseUrl = readDatabaseUrl(env);
  return withDb(databaseUrl, async (db) => {
    try {
      return done(await createAccount(db, email, name, role as UserRole), json);
    } catch (error) {
      if (!(error instanceof EmailTakenError)) throw error;
      process.stderr.write(`${error.message}\n`);
      return 2;
    }
  });
}

function accountProblems(email: string, name: string, role: string): Problem[] {
  const problems: Problem[] = [];
  const fix = `Use: ${usage}`;
  if (!isEmail(email.trim())) problems.push({ path: "--email", got: email, rule: "an e-mail address", fix });
  if (name.trim() === "" || name.length > 200) problems.push({ path: "--name", got: name, rule: "1 to 200 characters", fix });
  const known = (userRoles as readonly string[]).includes(role);
  if (!known) problems.push({ path: "--role", got: role, rule: userRoles.join(" or "), fix });
  return problems;
}

async function createAccount(db: Db, email: string, name: string, role: UserRole) {
  const password = generatePassword();
  const passwordHash = await hashPassword(password);
  return transaction(db, async (client) => {
    const user = await createUser(client, { email, name, role, passwordHash });
    const { apiKey } = await createApiKey(client, { userId: user.id, name: "first key", ttlSeconds: null });
    return { email: user.email, password, apiKey };
  });
}

function done(result: Readonly<Record<string, unknown>>, json: boolean): number {
  print(result, json);
  return 0;
}
