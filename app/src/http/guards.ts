import type { Request, RequestHandler } from "express";
import { userOfApiKey } from "../auth/api-keys.ts";
import { sessionToken } from "../auth/session-cookie.ts";
import type { User } from "../auth/users.ts";
import type { Context } from "../context.ts";
import { AppError } from "../errors.ts";
import { senderOf, type OriginConfig } from "./origin.ts";

const users = new WeakMap<Request, User>();

/** The person behind a request that passed one of the guards. */
export function currentUser(req: Request): User {
  const user = users.get(req);
  if (user === undefined) throw new AppError("unauthenticated");
  return user;
}

/** The credential of `Authorization: Bearer …`, or null. */
export function bearerToken(req: Request): string | null {
  return /^Bearer +(\S+)$/i.exec(req.headers.authorization ?? "")?.[1] ?? null;
}

/** Lets through who carries a valid API key. */
export function requireApiKey({ db }: Pick<Context, "db">): RequestHandler {
  return async (req, _res, next) => {
    const token = bearerToken(req);
    const user = token === null ? null : await userOfApiKey(db, token);
    if (user === null) throw new AppError("unauthenticated");
    users.set(req, user);
    next();
  };
}

/** Lets through who is signed in by cookie, or carries a valid API key (then no browser adds it by itself: no CSRF). */
export function requireUser(ctx: Pick<Context, "db" | "sessions" | "config">): RequestHandler {
  return async (req, _res, next) => {
    const bearer = bearerToken(req);
    const cookie = bearer === null ? sessionToken(req, ctx.config) : null;
    const user = bearer !== null ? await userOfApiKey(ctx.db, bearer) : cookie !== null ? await ctx.sessions.user(cookie) : null;
    if (user === null) throw new AppError("unauthenticated");
    if (bearer === null) refuseForgery(req, ctx.config);
    users.set(req, user);
    next();
  };
}

/** Refuses a changing request with a cookie unless the page itself made it. @throws AppError forbidden */
function refuseForgery(req: Request, config: OriginConfig): void {
  if (req.method === "GET" || req.method === "HEAD") return;
  const marked = req.headers["x-fidus-csrf"] !== undefined;
  if (!marked || senderOf(req, config) !== "own") throw new AppError("forbidden");
}

/** Refuses what a browser sends from somebody else's page; programs that send no origin pass. For the login. */
export function refuseForeignOrigin(config: OriginConfig): RequestHandler {
  return (req, _res, next) => {
    if (senderOf(req, config) === "foreign") throw new AppError("forbidden");
    next();
  };
}
