import { Router } from "express";
import { z } from "zod";
import type { Context } from "../context.ts";
import { AppError } from "../errors.ts";
import { currentIdentity, currentUser, requireScope, requireUser } from "../http/guards.ts";
import { parseBody, parseId, storableText } from "../http/parse.ts";
import { createApiKey, listApiKeys, revokeApiKey } from "./api-keys.ts";
import { defaultScopes, scopeNames } from "./scopes.ts";
import { sessionToken } from "./session-cookie.ts";

const id = z.uuid();
const longestDays = 3_650;

export const keyBody = z.strictObject({
  name: storableText.trim().min(1).max(100),
  scopes: z
    .array(z.enum(scopeNames))
    .min(1)
    .default([...defaultScopes]),
  /** Null: it does not expire. */
  expiresInDays: z.int().min(1).max(longestDays).nullable().default(90),
  requestsPerMinute: z.int().min(1).max(1_000_000).nullable().default(null),
  tokensPerMinute: z.int().min(1).max(1_000_000_000).nullable().default(null),
});

/** A person's own keys. A key is shown once, and never may more than who makes it. */
export function createKeyRouter(ctx: Context): Router {
  const router = Router();
  router.use(requireUser(ctx), requireScope("account"));

  router.get("/", async (req, res) => {
    res.json({ keys: await listApiKeys(ctx.db, currentUser(req).id) });
  });

  router.post("/", async (req, res) => {
    const { name, scopes, expiresInDays, requestsPerMinute, tokensPerMinute } = parseBody(keyBody, req);
    const { user, key } = currentIdentity(req);
    const beyond = scopes.filter(
      (scope) => (scope === "admin" && user.role !== "admin") || (key !== null && !key.scopes.includes(scope)),
    );
    if (beyond.length > 0) throw new AppError("not_allowed", { message: `You may not give the scope ${beyond.join(", ")}.` });
    const ttlSeconds = expiresInDays === null ? null : expiresInDays * 24 * 3600;
    const made = await createApiKey(ctx.db, { userId: user.id, name, ttlSeconds, scopes, requestsPerMinute, tokensPerMinute });
    res.status(201).json({ ...made, name, scopes, expiresInDays, requestsPerMinute, tokensPerMinute });
  });

  router.delete("/:id", async (req, res) => {
    const revoked = await revokeApiKey(ctx.db, parseId(id, req.params.id), currentUser(req).id);
    if (!revoked) throw new AppError("not_found");
    res.status(204).end();
  });
  return router;
}

/** A person's own sign-ins. */
export function createSessionRouter(ctx: Context): Router {
  const router = Router();
  router.use(requireUser(ctx), requireScope("account"));

  router.get("/", async (req, res) => {
    res.json({ sessions: await ctx.sessions.list(currentUser(req).id, sessionToken(req, ctx.config)) });
  });

  router.delete("/", async (req, res) => {
    res.json({ ended: await ctx.sessions.revokeOf(currentUser(req).id) });
  });

  router.delete("/:id", async (req, res) => {
    const ended = await ctx.sessions.revokeOf(currentUser(req).id, parseId(id, req.params.id));
    if (ended === 0) throw new AppError("not_found");
    res.status(204).end();
  });
  return router;
}
