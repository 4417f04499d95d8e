import { Router } from "express";
import { z } from "zod";
import { generatePassword, hashPassword } from "../auth/password.ts";
import { createUser, emailPattern, EmailTakenError, longestEmail, userRoles, type User } from "../auth/users.ts";
import type { Context } from "../context.ts";
import { transaction, type Queryable } from "../db/pool.ts";
import { AppError } from "../errors.ts";
import { currentUser } from "../http/guards.ts";
import { parseBody, parseId, storableText } from "../http/parse.ts";
import { erasePerson } from "../privacy/erase.ts";
import { audit } from "./audit.ts";

const id = z.uuid();
const name = storableText.trim().min(1).max(200);
const tenant = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "must be lower-case letters, digits and dashes");
export const newUser = z.strictObject({
  email: storableText.trim().max(longestEmail).regex(emailPattern, "must be an e-mail address"),
  name: name.optional(),
  role: z.enum(userRoles).default("user"),
});
export const changes = z
  .strictObject({
    name: name.optional(),
    role: z.enum(userRoles).optional(),
    tenant: tenant.optional(),
    disabled: z.boolean().optional(),
  })
  .refine((body) => Object.keys(body).length > 0, "must name a change");

/** Accounts: list, make, change, disable, a new password, erase; their sessions: list, end. */
export function createUserAdminRouter(ctx: Pick<Context, "db" | "sessions" | "dataKeys" | "config">): Router {
  const { db, sessions } = ctx;
  const { uploadsFolder } = ctx.config.knowledge;
  const router = Router();

  router.get("/", async (_req, res) => {
    const { rows } = await db.query(
      `SELECT u.id, u.email, u.name, u.role, u.tenant, u.created_at AS "createdAt", u.disabled_at AS "disabledAt",
         u.password_hash <> '!' AS "hasPassword",
         (SELECT count(*)::int FROM sessions s WHERE s.user_id = u.id AND s.revoked_at IS NULL AND s.expires_at > now()) AS sessions
       FROM users u ORDER BY u.created_at LIMIT 1000`,
    );
    res.json({ users: rows });
  });

  router.post("/", async (req, res) => {
    const { email, name: given, role } = parseBody(newUser, req);
    const password = generatePassword();
    const passwordHash = await hashPassword(password);
    try {
      const user = await transaction(db, async (client) => {
        const made = await createUser(client, { email, name: given ?? email.split("@", 1)[0] ?? email, role, passwordHash });
        await audit(client, currentUser(req), "user.create", made.email, { role });
        return made;
      });
      // Shown once: only its hash is kept.
      res.status(201).json({ ...user, password });
    } catch (error) {
      if (error instanceof EmailTakenError) throw new AppError("conflict", { message: "This e-mail has an account." });
      throw error;
    }
  });

  router.patch("/:id", async (req, res) => {
    const userId = parseId(id, req.params.id);
    const body = parseBody(changes, req);
    const user = await transaction(db, async (client) => {
      const changed = await changeUser(client, userId, body);
      if (body.disabled === true) await sessions.revokeOf(userId, null, client);
      await audit(client, currentUser(req), "user.change", changed.email, body);
      return changed;
    });
    res.json(user);
  });

  router.post("/:id/password", async (req, res) => {
    const userId = parseId(id, req.params.id);
    const password = generatePassword();
    const passwordHash = await hashPassword(password);
    const email = await transaction(db, async (client) => {
      const changed = await setPassword(client, userId, passwordHash);
      // Whoever knew the old one may be signed in with it.
      const ended = await sessions.revokeOf(userId, null, client);
      await audit(client, currentUser(req), "user.password", changed, { ended });
      return changed;
    });
    // Shown once: only its hash is kept.
    res.json({ email, password });
  });

  router.delete("/:id", async (req, res) => {
    const userId = parseId(id, req.params.id);
    await erasePerson({ db, uploadsFolder }, userId, currentUser(req));
    ctx.dataKeys.forget(userId);
    res.status(204).end();
  });

  router.get("/:id/sessions", async (req, res) => {
    res.json({ sessions: await sessions.list(parseId(id, req.params.id)) });
  });

  router.delete("/:id/sessions", async (req, res) => {
    const userId = parseId(id, req.params.id);
    const ended = await transaction(db, async (client) => {
      const count = await sessions.revokeOf(userId, null, client);
      await audit(client, currentUser(req), "user.end_sessions", userId, { ended: count });
      return count;
    });
    res.json({ ended });
  });
  return router;
}

/** Returns the account's e-mail. @throws AppError not_found */
async function setPassword(db: Queryable, userId: string, passwordHash: string): Promise<string> {
  const set = "UPDATE users SET password_hash = $2 WHERE id = $1 RETURNING email";
  const { rows } = await db.query<{ email: string }>(set, [userId, passwordHash]);
  const email = rows[0]?.email;
  if (email === undefined) throw new AppError("not_found");
  return email;
}

/** @throws AppError not_found, last_admin */
async function changeUser(
  db: Queryable,
  userId: string,
  body: z.output<typeof changes>,
): Promise<User & { disabledAt: Date | null }> {
  // Locks all administrators: two who take the role from each other at once must not both succeed.
  await db.query("SELECT id FROM users WHERE role = 'admin' ORDER BY id FOR UPDATE");
  const { rows } = await db.query<User & { disabledAt: Date | null }>(
    `UPDATE users SET name = coalesce($2, name), role = coalesce($3, role), tenant = coalesce($4, tenant),
       disabled_at = CASE WHEN $5::boolean IS NULL THEN disabled_at WHEN $5 THEN coalesce(disabled_at, now()) END
     WHERE id = $1 RETURNING id, email, name, role, tenant, disabled_at AS "disabledAt"`,
    [userId, body.name ?? null, body.role ?? null, body.tenant ?? null, body.disabled ?? null],
  );
  const user = rows[0];
  if (user === undefined) throw new AppError("not_found");
  const left = await db.query("SELECT 1 FROM users WHERE role = 'admin' AND disabled_at IS NULL LIMIT 1");
  if (left.rowCount === 0) throw new AppError("last_admin");
  return user;
}
