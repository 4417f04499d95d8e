import { parseCookie, stringifySetCookie } from "cookie";
import { Router, type Request, type Response } from "express";
import { z } from "zod";
import type { Context } from "../context.ts";
import { AppError, toAppError } from "../errors.ts";
import { refuseForeignOrigin } from "../http/guards.ts";
import { parseBody, storableText } from "../http/parse.ts";
import { accountOf } from "./identities.ts";
import { OidcClient, type SignInAttempt } from "./oidc.ts";
import { sessionCookieName, setSessionCookie } from "./session-cookie.ts";
import { sessionSeconds } from "./sessions.ts";
import { isEmail, userRoles } from "./users.ts";

type OidcContext = Pick<Context, "config" | "db" | "sessions" | "limits" | "log">;

/** Long enough to find one's phone for a second factor. */
const attemptSeconds = 600;
const attemptShape = z.strictObject({ state: z.string(), nonce: z.string(), verifier: z.string() });
export const mockBody = z.strictObject({
  email: storableText.refine(isEmail, "must be an e-mail address"),
  role: z.enum(userRoles),
});

/** Sign-in by others' word: an OpenID Connect provider, or, in development, anybody's own. */
export function createProviderRouter(ctx: OidcContext): Router {
  const { auth, publicUrl } = ctx.config;
  const router = Router();
  router.get("/providers", (_req, res) => {
    res.json({ password: true, oidc: auth.oidc === null ? null : auth.provider, mock: auth.provider === "mock" });
  });
  if (auth.oidc !== null) addOidc(router, ctx, new OidcClient(auth.oidc, publicUrl));
  if (auth.provider === "mock") {
    router.post("/mock", refuseForeignOrigin(ctx.config), async (req, res) => {
      const { email, role } = parseBody(mockBody, req);
      await signIn(ctx, req, res, await accountOf(ctx.db, { issuer: "mock", subject: email, email, name: email, role }));
      res.json({ email, role });
    });
  }
  return router;
}

function addOidc(router: Router, ctx: OidcContext, client: OidcClient): void {
  router.get("/oidc/login", async (req, res) => {
    await ctx.limits.address(req, res);
    const { url, attempt } = await client.begin();
    setAttempt(res, ctx, attempt);
    res.redirect(303, url.href);
  });

  // The browser comes here itself, so that a failure leads back to the page, which says what it was.
  router.get("/oidc/callback", async (req, res) => {
    try {
      await ctx.limits.address(req, res);
      const attempt = readAttempt(req, ctx);
      setAttempt(res, ctx, null);
      const person = await client.finish(new URL(req.originalUrl, ctx.config.publicUrl).search, attempt);
      await signIn(ctx, req, res, await accountOf(ctx.db, person));
      res.redirect(303, "/");
    } catch (error) {
      const { code, cause } = toAppError(error);
      ctx.log.warn({ code, err: cause }, "sign-in at the provider failed");
      res.redirect(303, `/?sign-in=${code}`);
    }
  });
}

async function signIn({ sessions, config }: OidcContext, req: Request, res: Response, user: { id: string }): Promise<void> {
  setSessionCookie(res, config, await sessions.create(user.id, req.get("user-agent")), sessionSeconds);
}

const attemptCookieName = (config: OidcContext["config"]): string => `${sessionCookieName(config)}_oidc`;

/** Lax, not strict: the browser comes back from the provider's site. */
function setAttempt(res: Response, { config }: OidcContext, attempt: SignInAttempt | null): void {
  const value = attempt === null ? "" : Buffer.from(JSON.stringify(attempt)).toString("base64url");
  const secure = config.publicUrl.protocol === "https:";
  const maxAge = attempt === null ? 0 : attemptSeconds;
  const cookie = { name: attemptCookieName(config), value, httpOnly: true, sameSite: "lax", path: "/", maxAge, secure } as const;
  res.append("set-cookie", stringifySetCookie(cookie));
}

/** @throws AppError sign_in_refused when this browser began no sign-in */
function readAttempt(req: Request, { config }: OidcContext): SignInAttempt {
  const text = parseCookie(req.headers.cookie ?? "")[attemptCookieName(config)] ?? "";
  try {
    return attemptShape.parse(JSON.parse(Buffer.from(text, "base64url").toString("utf8")));
  } catch (error) {
    throw new AppError("sign_in_refused", { cause: error });
  }
}
