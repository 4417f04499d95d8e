import { normalizeEmail } from "../auth/users.ts";
import { readVaultConfig } from "../config.ts";
import type { Db } from "../db/pool.ts";
import type { Env } from "../env.ts";
import { AppError } from "../errors.ts";
import { InvalidInputError } from "../problems.ts";
import { audit } from "../admin/audit.ts";
import { DataKeys } from "../privacy/data-keys.ts";
import { erasePerson } from "../privacy/erase.ts";
import { exportPerson } from "../privacy/export.ts";
import { encryptionStatus, rewrapDataKeys, sealOldRows } from "../privacy/jobs.ts";
import { KeyRing } from "../privacy/ring.ts";
import { readAccounts } from "./admin-list.ts";
import { print } from "./arguments.ts";
import { withDb } from "./with-db.ts";

/** Who the audit log names for what is done at the command line. */
const operator = { id: null, email: "operator at the command line" } as const;

/** `admin export`: a person's data on stdout, a JSON line each. */
export function exportAccount(env: Env, email: string): Promise<number> {
  return withVault(env, async (db, ring) => {
    const userId = await accountOf(db, email);
    await audit(db, operator, "user.export", normalizeEmail(email));
    for await (const line of exportPerson({ db, dataKeys: new DataKeys(db, ring) }, userId)) {
      if (!process.stdout.write(`${JSON.stringify(line)}\n`))
        await new Promise((resolve) => process.stdout.once("drain", resolve));
    }
    return 0;
  });
}

/** `admin erase`: the person's key, then files and rows. Says how much there was. */
export function eraseAccount(env: Env, email: string, json: boolean): Promise<number> {
  return withVault(env, async (db, _ring, uploadsFolder) => {
    const userId = await accountOf(db, email);
    const [account] = await readAccounts(db, userId);
    try {
      await erasePerson({ db, uploadsFolder }, userId, operator);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== "last_admin") throw error;
      const rule = "an account that is not the last administrator's";
      const fix = "Make another administrator first: admin create --email E";
      throw new InvalidInputError([{ path: "--email", got: email, rule, fix }]);
    }
    const { conversations = 0, documents = 0, keys = 0 } = account ?? {};
    print({ email: normalizeEmail(email), erased: true, conversations, documents, keys }, json);
    return 0;
  });
}

/** `admin seal`: seals and wraps all there is by the newest key, then says how it stands. What the worker does, at once. */
export function sealAll(env: Env, json: boolean): Promise<number> {
  return withVault(env, async (db, ring) => {
    const never = new AbortController().signal;
    await sealOldRows(db, new DataKeys(db, ring), never);
    await rewrapDataKeys(db, ring, never);
    const { unsealed, ring: keys, lost } = await encryptionStatus(db, ring);
    if (json) print({ unsealed, ring: keys, lost }, true);
    else print({ unsealed, ring: keys.map(({ key, dataKeys }) => `${key} (${dataKeys})`), lost }, false);
    return 0;
  });
}

function withVault(env: Env, work: (db: Db, ring: KeyRing, uploadsFolder: string) => Promise<number>): Promise<number> {
  const { databaseUrl, encryptionKeys, uploadsFolder } = readVaultConfig(env);
  return withDb(databaseUrl, (db) => work(db, new KeyRing(encryptionKeys), uploadsFolder));
}

/** An account, disabled or not. @throws InvalidInputError */
async function accountOf(db: Db, email: string): Promise<string> {
  const { rows } = await db.query<{ id: string }>("SELECT id FROM users WHERE email = $1", [normalizeEmail(email)]);
  if (rows[0] !== undefined) return rows[0].id;
  throw new InvalidInputError([
    { path: "--email", got: email, rule: "the address of an account", fix: "All accounts: admin list" },
  ]);
}
