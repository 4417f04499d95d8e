import { once } from "node:events";
import { Router, type Request, type Response } from "express";
import { z } from "zod";
import { noPassword } from "../auth/users.ts";
import { verifyPassword } from "../auth/password.ts";
import { sessionToken, setSessionCookie } from "../auth/session-cookie.ts";
import type { Context } from "../context.ts";
import { AppError } from "../errors.ts";
import { currentIdentity, currentUser, requireScope, requireUser } from "../http/guards.ts";
import { parseBody } from "../http/parse.ts";
import { erasePerson } from "./erase.ts";
import { exportPerson, type ExportLine } from "./export.ts";

/** Who signs in at a provider has no password here: then the sign-in must be this fresh. */
const freshSeconds = 600;

export const eraseBody = z.strictObject({ password: z.string().min(1).max(1024).optional() });

/** One's own data: all of it as a file, and its end. */
export function createMeRouter(ctx: Context): Router {
  const router = Router();
  router.use(requireUser(ctx), requireScope("account"));

  router.get("/export", async (req, res) => {
    res.attachment("fidus-export.ndjson").type("application/x-ndjson");
    await sendLines(exportPerson(ctx, currentUser(req).id), res);
  });

  router.delete("/", async (req, res) => {
    const { user, key } = currentIdentity(req);
    if (key !== null) throw new AppError("not_allowed", { message: "An account is erased by who is signed in, not by a key." });
    const { password } = parseBody(eraseBody, req);
    await mustBeThemselves(ctx, req, user.id, password);
    await erasePerson({ db: ctx.db, uploadsFolder: ctx.config.knowledge.uploadsFolder }, user.id, user);
    ctx.dataKeys.forget(user.id);
    setSessionCookie(res, ctx.config, "", 0);
    res.status(204).end();
  });
  return router;
}

/** @throws AppError wrong_credentials, not_allowed */
async function mustBeThemselves(ctx: Context, req: Request, userId: string, password: string | undefined): Promise<void> {
  const found = await ctx.db.query<{ hash: string }>("SELECT password_hash AS hash FROM users WHERE id = $1", [userId]);
  const hash = found.rows[0]?.hash ?? noPassword;
  if (hash !== noPassword) {
    if (password === undefined || !(await verifyPassword(password, hash))) throw new AppError("wrong_credentials");
    return;
  }
  const [current] = (await ctx.sessions.list(userId, sessionToken(req, ctx.config))).filter((session) => session.current);
  // By the clock that the session was made by: this machine's may be wrong.
  const sql = "SELECT 1 FROM sessions WHERE id = $1 AND created_at > now() - make_interval(secs => $2)";
  const fresh = current === undefined ? [] : (await ctx.db.query(sql, [current.id, freshSeconds])).rows;
  if (fresh.length === 0)
    throw new AppError("not_allowed", { message: "Sign in again first: this sign-in is older than ten minutes." });
}

/** Sends lines as fast as they are read, and stops when the reader left. */
async function sendLines(lines: AsyncIterable<ExportLine>, res: Response): Promise<void> {
  for await (const line of lines) {
    if (res.destroyed) return;
    if (!res.write(`${JSON.stringify(line)}\n`)) await Promise.race([once(res, "drain"), once(res, "close")]);
  }
  res.end();
}
