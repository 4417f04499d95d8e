import { parseCookie, stringifySetCookie } from "cookie";
import type { Request, Response } from "express";

interface Origin {
  readonly publicUrl: URL;
}

/**
 * Browsers keep cookies by host and ignore the port: with the port in the name, installations side by side on one host sign
 * nobody out of each other. Over HTTPS the prefix keeps other hosts of the domain from setting it.
 */
export function sessionCookieName({ publicUrl: { protocol, port } }: Origin): string {
  const name = port === "" ? "fidus_session" : `fidus_session_${port}`;
  return protocol === "https:" ? `__Host-${name}` : name;
}

/** The session token that a request brings, or null. */
export function sessionToken(req: Request, origin: Origin): string | null {
  return parseCookie(req.headers.cookie ?? "")[sessionCookieName(origin)] ?? null;
}

/** Gives the browser a session token for `maxAge` seconds; 0 takes it away. */
export function setSessionCookie(res: Response, origin: Origin, value: string, maxAge: number): void {
  const secure = origin.publicUrl.protocol === "https:";
  const name = sessionCookieName(origin);
  const cookie = { name, value, httpOnly: true, sameSite: "strict", path: "/", maxAge, secure } as const;
  res.append("set-cookie", stringifySetCookie(cookie));
}
