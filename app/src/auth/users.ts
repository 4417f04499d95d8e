import { randomUUID } from "node:crypto";
import { pgCode, pgCodes, type Queryable } from "../db/pool.ts";

export const userRoles = ["admin", "user"] as const;
export type UserRole = (typeof userRoles)[number];

/** A person as the rest of the app sees them. */
export interface User {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly role: UserRole;
  /** Group whose budget pays for this person's calls. */
  readonly tenant: string;
}

/** The group of whoever was put in no other. */
const defaultTenant = "default";

/** In place of a hash: of accounts that sign in at a provider only. No password belongs to it. */
export const noPassword = "!";

/** Thrown when the e-mail already has an account. */
export class EmailTakenError extends Error {
  constructor(email: string) {
    super(
      `--email: got ${JSON.stringify(email)}; needs an address without an account. Choose another, or sign in with this one.`,
    );
    this.name = "EmailTakenError";
  }
}

/** The one spelling under which an address is stored and looked up. */
export function normalizeEmail(email: string): string {
  return email.trim().toLowerCase();
}

/** Something@something without spaces; delivery is the operator's business (admin@localhost is fine). */
export const emailPattern = /^[^\s@]+@[^\s@]+$/;
export const longestEmail = 254;

export function isEmail(text: string): boolean {
  return text.length <= longestEmail && text.isWellFormed() && emailPattern.test(text);
}

/** Creates an account. @throws EmailTakenError */
export async function createUser(
  db: Queryable,
  { email, name, role, passwordHash }: { email: string; name: string; role: UserRole; passwordHash: string },
): Promise<User> {
  const user: User = { id: randomUUID(), email: normalizeEmail(email), name, role, tenant: defaultTenant };
  try {
    await db.query("INSERT INTO users (id, email, name, role, password_hash) VALUES ($1, $2, $3, $4, $5)", [
      user.id,
      user.email,
      name,
      role,
      passwordHash,
    ]);
  } catch (error) {
    if (pgCode(error) === pgCodes.uniqueViolation) throw new EmailTakenError(user.email);
    throw error;
  }
  return user;
}

/** The active account of an address with its password hash, or null. */
export async function findByEmail(db: Queryable, email: string): Promise<{ user: User; passwordHash: string } | null> {
  const { rows } = await db.query<User & { password_hash: string }>(
    "SELECT id, email, name, role, tenant, password_hash FROM users WHERE email = $1 AND disabled_at IS NULL",
    [normalizeEmail(email)],
  );
  const row = rows[0];
  if (row === undefined) return null;
  const { password_hash: passwordHash, ...user } = row;
  return { user, passwordHash };
}

/** The administrator who was made first; null when there is none. */
export async function firstAdmin(db: Queryable): Promise<Pick<User, "id"> | null> {
  const { rows } = await db.query<{ id: string }>(
    "select id from users where role = 'admin' and disabled_at is null order by created_at limit 1",
  );
  return rows[0] ?? null;
}

/** Number of active administrators. */
export async function countAdmins(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ admins: number }>(
    "SELECT count(*)::int AS admins FROM users WHERE role = 'admin' AND disabled_at IS NULL",
  );
  return rows[0]?.admins ?? 0;
}
