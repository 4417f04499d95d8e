import * as oidc from "openid-client";
import type { OidcConfig } from "./config.ts";
import { AppError } from "../errors.ts";

/** What a sign-in that is under way must bring back; kept in a cookie of the browser that began it. */
export interface SignInAttempt {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

/** A person as the provider vouches for them. */
export interface ProvenPerson {
  readonly issuer: string;
  readonly subject: string;
  /** Verified by the provider. */
  readonly email: string;
  readonly name: string;
  /** Null: roles are not the provider's business. */
  readonly role: "admin" | "user" | null;
}

/** Sign-in at one OpenID Connect provider, by authorization code with PKCE, state and nonce. */
export class OidcClient {
  readonly #config: OidcConfig;
  readonly #callback: URL;
  #discovered: Promise<oidc.Configuration> | null = null;

  constructor(config: OidcConfig, publicUrl: URL) {
    this.#config = config;
    this.#callback = new URL("/api/v1/auth/oidc/callback", publicUrl);
  }

  /** Where to send the browser, and what to keep until it is back. @throws AppError provider_away */
  async begin(): Promise<{ url: URL; attempt: SignInAttempt }> {
    const provider = await this.#provider();
    const attempt = { state: oidc.randomState(), nonce: oidc.randomNonce(), verifier: oidc.randomPKCECodeVerifier() };
    const url = oidc.buildAuthorizationUrl(provider, {
      redirect_uri: this.#callback.href,
      scope: "openid email profile",
      state: attempt.state,
      nonce: attempt.nonce,
      code_challenge: await oidc.calculatePKCECodeChallenge(attempt.verifier),
      code_challenge_method: "S256",
    });
    return { url, attempt };
  }

  /**
   * Redeems what the browser brought back. Signature, issuer, audience, expiry, state and nonce are checked by the library.
   * @throws AppError sign_in_refused, email_not_verified, provider_away
   */
  async finish(query: string, { state, nonce, verifier }: SignInAttempt): Promise<ProvenPerson> {
    const provider = await this.#provider();
    const returned = new URL(this.#callback);
    returned.search = query;
    try {
      const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier, idTokenExpected: true };
      const tokens = await oidc.authorizationCodeGrant(provider, returned, checks);
      const token = tokens.claims();
      if (token === undefined) throw new AppError("sign_in_refused");
      const complete = token["email"] !== undefined;
      const more = complete ? {} : await oidc.fetchUserInfo(provider, tokens.access_token, token.sub);
      return this.#person({ ...more, ...token });
    } catch (error) {
      if (error instanceof AppError) throw error;
      throw new AppError("sign_in_refused", { cause: error });
    }
  }

  #person(claims: Readonly<Record<string, unknown>> & { iss: string; sub: string }): ProvenPerson {
    const { email, email_verified: verified, name, iss: issuer, sub: subject } = claims;
    // An address somebody merely typed in at the provider must not open the account of its owner here.
    if (typeof email !== "string" || verified !== true) throw new AppError("email_not_verified");
    const { rolesClaim, adminRole } = this.#config;
    const role = adminRole === null ? null : rolesOf(claims, rolesClaim).includes(adminRole) ? "admin" : "user";
    return { issuer, subject, email, name: typeof name === "string" && name !== "" ? name : email, role };
  }

  /** Asked once; a failure is asked again next time. */
  async #provider(): Promise<oidc.Configuration> {
    const { issuer, clientId, clientSecret } = this.#config;
    // The configuration lets http through on this machine only.
    const execute = issuer.protocol === "http:" ? [oidc.allowInsecureRequests] : [];
    this.#discovered ??= oidc.discovery(issuer, clientId, clientSecret, undefined, { execute, timeout: 10 });
    try {
      return await this.#discovered;
    } catch (error) {
      this.#discovered = null;
      throw new AppError("provider_away", { cause: error, retryAfter: 5 });
    }
  }
}

/** The roles in a claim, given by its name or by a path: Keycloak says `realm_access.roles`, Auth0 wants a URL for a name. */
function rolesOf(claims: Readonly<Record<string, unknown>>, name: string): readonly unknown[] {
  const step = (value: unknown, key: string): unknown =>
    typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
  const found = claims[name] ?? name.split(".").reduce<unknown>(step, claims);
  return Array.isArray(found) ? found : typeof found === "string" ? [found] : [];
}
