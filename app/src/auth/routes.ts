import { createHash } from "node:crypto";
import { Router, type Request, type RequestHandler } from "express";
import { ipKeyGenerator, rateLimit } from "express-rate-limit";
import { z } from "zod";
import type { Context } from "../context.ts";
import { AppError } from "../errors.ts";
import { currentUser, refuseForeignOrigin, requireUser } from "../http/guards.ts";
import { parseBody, storableText } from "../http/parse.ts";
import { decoyHash, verifyPassword } from "./password.ts";
import { PgRateStore } from "./rate-store.ts";
import { sessionToken, setSessionCookie } from "./session-cookie.ts";
import { sessionSeconds } from "./sessions.ts";
import { findByEmail, noPassword, normalizeEmail } from "./users.ts";

export const loginBody = z.strictObject({ email: storableText.min(1).max(254), password: z.string().min(1).max(1024) });

/** Attempts allowed per address (any outcome) and per e-mail (failures only), and the window of both. */
export const loginLimits = { perAddress: 60, failuresPerEmail: 10, windowSeconds: 15 * 60 } as const;

type AuthContext = Pick<Context, "config" | "db" | "ownerOfApiKey" | "sessions" | "log" | "limits">;

/** Sign-in by password, sign-out, and who is signed in. */
export function createAuthRouter(ctx: AuthContext): Router {
  const router = Router();
  router.post("/login", refuseForeignOrigin(ctx.config), addressLimit(ctx), emailLimit(ctx), async (req, res) => {
    const { email, password } = parseBody(loginBody, req);
    const found = await findByEmail(ctx.db, email);
    const known = found !== null && found.passwordHash !== noPassword;
    const right = await verifyPassword(password, known ? found.passwordHash : await decoyHash());
    if (!known || !right) throw new AppError("wrong_credentials");
    setSessionCookie(res, ctx.config, await ctx.sessions.create(found.user.id, req.get("user-agent")), sessionSeconds);
    const { name, role } = found.user;
    res.json({ email: found.user.email, name, role });
  });

  router.post("/logout", requireUser(ctx), async (req, res) => {
    const token = sessionToken(req, ctx.config);
    if (token !== null) await ctx.sessions.revoke(token);
    setSessionCookie(res, ctx.config, "", 0);
    res.status(204).end();
  });

  router.get("/me", requireUser(ctx), (req, res) => {
    const { email, name, role } = currentUser(req);
    res.json({ email, name, role });
  });
  return router;
}

function addressLimit({ db, log }: AuthContext): RequestHandler {
  return limiter(db, log, {
    prefix: "login-address:",
    limit: loginLimits.perAddress,
    keyOf: (req) => ipKeyGenerator(req.ip ?? "unknown"),
    failuresOnly: false,
  });
}

function emailLimit({ db, log }: AuthContext): RequestHandler {
  return limiter(db, log, {
    prefix: "login-email:",
    limit: loginLimits.failuresPerEmail,
    // Hashed: the table of attempts is no list of addresses.
    keyOf: (req) => {
      const { email } = (req.body ?? {}) as { email?: unknown };
      return createHash("sha256")
        .update(typeof email === "string" ? normalizeEmail(email) : "")
        .digest("base64url");
    },
    failuresOnly: true,
  });
}

interface LimitOptions {
  readonly prefix: string;
  readonly limit: number;
  readonly keyOf: (req: Request) => string;
  readonly failuresOnly: boolean;
}

function limiter(db: Context["db"], log: Context["log"], { prefix, limit, keyOf, failuresOnly }: LimitOptions): RequestHandler {
  return rateLimit({
    store: new PgRateStore(db, prefix, loginLimits.windowSeconds),
    windowMs: loginLimits.windowSeconds * 1000,
    limit,
    keyGenerator: keyOf,
    skipSuccessfulRequests: failuresOnly,
    standardHeaders: "draft-8",
    legacyHeaders: false,
    handler: (req, _res, next) => {
      const { resetTime } = (req as Request & { rateLimit?: { resetTime?: Date } }).rateLimit ?? {};
      const seconds = resetTime === undefined ? loginLimits.windowSeconds : (resetTime.getTime() - Date.now()) / 1000;
      log.warn({ limit: prefix }, "sign-in attempts limited");
      next(new AppError("too_many_requests", { retryAfter: Math.max(1, Math.ceil(seconds)) }));
    },
  });
}
