import type { Request, RequestHandler } from "express";
import type { KeyGrant } from "../auth/api-keys.ts";
import type { Scope } from "../auth/scopes.ts";
import { sessionToken } from "../auth/session-cookie.ts";
import type { User } from "../auth/users.ts";
import type { Context } from "../context.ts";
import { AppError } from "../errors.ts";
import { senderOf, type OriginConfig } from "./origin.ts";

/** The person behind a request, and the key it came with; null: signed in by cookie. */
export interface Identity {
  readonly user: User;
  readonly key: KeyGrant | null;
}

const identities = new WeakMap<Request, Identity>();

/** Who made a request that passed one of the guards. */
export function currentIdentity(req: Request): Identity {
  const identity = identities.get(req);
  if (identity === undefined) throw new AppError("unauthenticated");
  return identity;
}

/** The person behind a request that passed one of the guards. */
export function currentUser(req: Request): User {
  return currentIdentity(req).user;
}

/** The credential of `Authorization: Bearer …`, or null. */
function bearerToken(req: Request): string | null {
  return /^Bearer +(\S+)$/i.exec(req.headers.authorization ?? "")?.[1] ?? null;
}

/** Lets through who carries a valid API key, as often as the limits of the address and the key allow. */
export function requireApiKey({ ownerOfApiKey, limits }: Pick<Context, "ownerOfApiKey" | "limits">): RequestHandler {
  return async (req, res, next) => {
    const token = bearerToken(req);
    const owner = token === null ? null : await ownerOfApiKey(token);
    // Asked together: one write to Redis.
    const counted = [limits.address(req, res)];
    if (owner !== null) {
      const { id, requestsPerMinute, tokensPerMinute } = owner.key;
      counted.push(limits.caller(id, requestsPerMinute, res), limits.lookAtTokens(id, tokensPerMinute));
    }
    await Promise.all(counted);
    if (owner === null) throw new AppError("unauthenticated");
    identities.set(req, owner);
    next();
  };
}

/** Lets through who is signed in by cookie, or carries a valid API key (then no browser adds it by itself: no CSRF). */
export function requireUser(ctx: IdentityContext): RequestHandler {
  return async (req, res, next) => {
    // Asked together: each is a round trip of its own.
    const [identity] = await Promise.all([identify(ctx, req), ctx.limits.address(req, res)]);
    if (identity === null) throw new AppError("unauthenticated");
    const { user, key } = identity;
    if (key === null) refuseForgery(req, ctx.config);
    await ctx.limits.caller(key?.id ?? user.id, key?.requestsPerMinute ?? null, res);
    identities.set(req, identity);
    next();
  };
}

type IdentityContext = Pick<Context, "ownerOfApiKey" | "sessions" | "config" | "limits">;

async function identify(ctx: IdentityContext, req: Request): Promise<Identity | null> {
  const bearer = bearerToken(req);
  const cookie = bearer === null ? sessionToken(req, ctx.config) : null;
  const owner = bearer === null ? null : await ctx.ownerOfApiKey(bearer);
  const user = cookie === null ? null : await ctx.sessions.user(cookie);
  return owner ?? (user === null ? null : { user, key: null });
}

/** Behind one of the guards above: a key needs this scope. People who signed in themselves need none. */
export function requireScope(scope: Scope): RequestHandler {
  return (req, _res, next) => {
    const { key } = currentIdentity(req);
    if (key !== null && !key.scopes.includes(scope)) {
      throw new AppError("not_allowed", { message: `This key lacks the scope ${scope}.` });
    }
    next();
  };
}

const onlyAdministrators: RequestHandler = (req, _res, next) => {
  if (currentUser(req).role !== "admin") throw new AppError("not_allowed", { message: "Only administrators may do this." });
  next();
};

/** Behind one of the guards above: only administrators; their keys need the scope of the same name. */
export const requireAdmin: readonly RequestHandler[] = [requireScope("admin"), onlyAdministrators];

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
