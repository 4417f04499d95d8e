import { transaction, type Db } from "../db/pool.ts";
import { AppError } from "../errors.ts";
import type { ProvenPerson } from "./oidc.ts";
import { createUser, EmailTakenError, noPassword, normalizeEmail, type User } from "./users.ts";

interface Account extends User {
  readonly disabled: boolean;
}

const columns = "u.id, u.email, u.name, u.role, u.tenant, u.disabled_at IS NOT NULL AS disabled";

/**
 * The account of a proven person: known by issuer and subject; else the one with the verified e-mail, which is theirs from now on;
 * else a new one without a password. The provider's role, where it has a say, is taken over each time.
 * @throws AppError account_disabled
 */
export async function accountOf(db: Db, person: ProvenPerson): Promise<User> {
  try {
    return await findOrCreate(db, person);
  } catch (error) {
    // Signed in twice at once for the first time: the other one made the account.
    if (error instanceof EmailTakenError) return findOrCreate(db, person);
    throw error;
  }
}

async function findOrCreate(db: Db, { issuer, subject, email, name, role }: ProvenPerson): Promise<User> {
  return transaction(db, async (client) => {
    const known = await client.query<Account>(
      `SELECT ${columns} FROM identities i JOIN users u ON u.id = i.user_id WHERE i.issuer = $1 AND i.subject = $2`,
      [issuer, subject],
    );
    const sameEmail = await client.query<Account>(`SELECT ${columns} FROM users u WHERE u.email = $1`, [normalizeEmail(email)]);
    const existing = known.rows[0] ?? sameEmail.rows[0];
    if (existing?.disabled === true) throw new AppError("account_disabled");
    const account = existing ?? (await createUser(client, { email, name, role: role ?? "user", passwordHash: noPassword }));
    await client.query("INSERT INTO identities (issuer, subject, user_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", [
      issuer,
      subject,
      account.id,
    ]);
    const { id, tenant } = account;
    const current = role ?? account.role;
    if (current !== account.role) await client.query("UPDATE users SET role = $2 WHERE id = $1", [id, current]);
    return { id, email: account.email, name: account.name, role: current, tenant };
  });
}
