import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { migrate } from "../db/migrate.ts";
import { migrationsFolder } from "../resources.ts";
import { addUser, pageHeaders, startApi, type TestApi } from "../testing/api.ts";
import { startIssuer, type TestIssuer } from "../testing/issuer.ts";
import { query, startPostgres, type TestPostgres } from "../testing/postgres.ts";
import { runApp } from "../testing/process.ts";
import { apiSettings } from "../testing/settings.ts";

const callback = "http://localhost:3000/api/v1/auth/oidc/callback";
let pg: TestPostgres;
let issuer: TestIssuer;
let api: TestApi;
let databaseUrl: string;

beforeAll(async () => {
  [pg, issuer] = await Promise.all([startPostgres(), startIssuer(callback)]);
  databaseUrl = await pg.createDatabase();
  await migrate(databaseUrl, migrationsFolder());
  api = await startApi({ databaseUrl, upstream: "http://127.0.0.1:9/v1", env: oidcEnv() });
}, 60_000);

beforeEach(() => query(databaseUrl, "DELETE FROM users"));

afterAll(async () => {
  await api?.close();
  await issuer?.close();
  await pg?.stop();
});

const oidcEnv = () => ({
  AUTH_PROVIDER: "keycloak",
  OIDC_ISSUER: issuer.url,
  OIDC_CLIENT_ID: issuer.clientId,
  OIDC_CLIENT_SECRET: issuer.clientSecret,
  OIDC_ADMIN_ROLE: "fidus-admin",
});

function person(email: string, { verified = true, roles = [] as string[] } = {}) {
  issuer.accounts.set(email, { email, email_verified: verified, name: "Ada", realm_access: { roles } });
}

const cookieOf = (response: Response, name: RegExp) =>
  response.headers
    .getSetCookie()
    .find((line) => name.test(line))
    ?.split(";", 1)[0] ?? "";

/** The first step: where the browser goes, and the cookie it keeps. */
async function begin(): Promise<{ authorization: URL; cookie: string }> {
  const response = await fetch(`${api.url}/api/v1/auth/oidc/login`, { redirect: "manual" });
  expect(response.status).toBe(303);
  return { authorization: new URL(response.headers.get("location") ?? ""), cookie: cookieOf(response, /_oidc=/) };
}

/** The last step: what the browser gets when it comes back. */
async function comeBack(returned: string, cookie: string): Promise<{ to: string | null; session: string }> {
  const { pathname, search } = new URL(returned);
  const response = await fetch(`${api.url}${pathname}${search}`, { redirect: "manual", headers: { cookie } });
  return { to: response.headers.get("location"), session: cookieOf(response, /^fidus_session_3000=./) };
}

async function signIn(email: string) {
  const { authorization, cookie } = await begin();
  return comeBack(await issuer.signIn(authorization.href, email), cookie);
}

const me = async (session: string) => (await fetch(`${api.url}/api/v1/auth/me`, { headers: { cookie: session } })).json();

describe("signing in at the provider", () => {
  test("sends the browser there with PKCE, state and nonce, and makes an account with the mapped role [A-15]", async () => {
    person("ada@test", { roles: ["fidus-admin"] });
    const { authorization } = await begin();
    expect(authorization.origin).toBe(issuer.url);
    expect(Object.fromEntries(authorization.searchParams)).toMatchObject({
      response_type: "code",
      redirect_uri: callback,
      code_challenge_method: "S256",
      code_challenge: expect.stringMatching(/^[\w-]{43}$/) as string,
      state: expect.stringMatching(/^[\w-]{43}$/) as string,
      nonce: expect.stringMatching(/^[\w-]{43}$/) as string,
    });
    const { to, session } = await signIn("ada@test");
    expect(to).toBe("/");
    expect(await me(session)).toEqual({ email: "ada@test", name: "Ada", role: "admin" });
  });

  test("again is the same account, with the role as it is there now", async () => {
    person("ada@test", { roles: ["fidus-admin"] });
    await signIn("ada@test");
    person("ada@test");
    const { session } = await signIn("ada@test");
    expect(await me(session)).toMatchObject({ role: "user" });
    expect(await query(databaseUrl, "SELECT 1 FROM users")).toHaveLength(1);
  });

  test("opens the account that has the verified address, and no password opens one made here", async () => {
    await addUser(api.ctx, "bob@test");
    person("bob@test");
    person("new@test");
    const { session } = await signIn("bob@test");
    expect(await me(session)).toMatchObject({ email: "bob@test", name: "bob@test" });
    await signIn("new@test");
    expect(await query(databaseUrl, "SELECT 1 FROM users")).toHaveLength(2);
    const body = JSON.stringify({ email: "new@test", password: "!" });
    expect((await fetch(`${api.url}/api/v1/auth/login`, { method: "POST", headers: pageHeaders, body })).status).toBe(401);
  });
});

describe("no session and no account come from", () => {
  const nothing = async (result: { to: string | null; session: string }, code: string) => {
    expect(result).toEqual({ to: `/?sign-in=${code}`, session: "" });
    expect(await query(databaseUrl, "SELECT 1 FROM sessions")).toEqual([]);
  };

  test("an address the provider has not verified", async () => {
    person("eve@test", { verified: false });
    await nothing(await signIn("eve@test"), "email_not_verified");
    expect(await query(databaseUrl, "SELECT 1 FROM users")).toEqual([]);
  });

  test("a disabled account", async () => {
    person("ada@test");
    await signIn("ada@test");
    await query(databaseUrl, "UPDATE users SET disabled_at = now()");
    await query(databaseUrl, "DELETE FROM sessions");
    await nothing(await signIn("ada@test"), "account_disabled");
  });

  test("a code that another browser obtained", async () => {
    person("ada@test");
    const theirs = await begin();
    const returned = await issuer.signIn(theirs.authorization.href, "ada@test");
    await nothing(await comeBack(returned, ""), "sign_in_refused");
    await nothing(await comeBack(returned, (await begin()).cookie), "sign_in_refused");
  });

  test.each(["state", "nonce", "verifier"])("an attempt whose %s is another", async (field) => {
    person("ada@test");
    const { authorization, cookie } = await begin();
    const returned = await issuer.signIn(authorization.href, "ada@test");
    const [name = "", value = ""] = cookie.split("=");
    const attempt = JSON.parse(Buffer.from(value, "base64url").toString()) as Record<string, string>;
    const changed = Buffer.from(JSON.stringify({ ...attempt, [field]: "A".repeat(43) })).toString("base64url");
    await nothing(await comeBack(returned, `${name}=${changed}`), "sign_in_refused");
  });

  test("a code that was used", async () => {
    person("ada@test");
    const { authorization, cookie } = await begin();
    const returned = await issuer.signIn(authorization.href, "ada@test");
    expect((await comeBack(returned, cookie)).to).toBe("/");
    await query(databaseUrl, "DELETE FROM sessions");
    await nothing(await comeBack(returned, cookie), "sign_in_refused");
  });

  test("a provider that refuses", async () => {
    const { authorization, cookie } = await begin();
    const state = authorization.searchParams.get("state") ?? "";
    await nothing(await comeBack(`${callback}?error=access_denied&state=${state}&iss=${issuer.url}`, cookie), "sign_in_refused");
  });
});

test("while the provider is away its sign-in is 503, and passwords still work", async () => {
  const env = { ...oidcEnv(), OIDC_ISSUER: "http://127.0.0.1:9" };
  const alone = await startApi({ databaseUrl, upstream: "http://127.0.0.1:9/v1", env });
  try {
    await addUser(alone.ctx, "ann@test");
    const response = await fetch(`${alone.url}/api/v1/auth/oidc/login`, { redirect: "manual" });
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "5"]);
    const body = JSON.stringify({ email: "ann@test", password: "correct horse battery staple" });
    expect((await fetch(`${alone.url}/api/v1/auth/login`, { method: "POST", headers: pageHeaders, body })).status).toBe(200);
  } finally {
    await alone.close();
  }
});

describe("the mock provider", () => {
  const asAdmin = (url: string) =>
    fetch(`${url}/api/v1/auth/mock`, { method: "POST", headers: pageHeaders, body: '{"email":"dev@test","role":"admin"}' });

  test("lets anybody in as anybody, in development [A-15]", async () => {
    const env = { AUTH_PROVIDER: "mock", ENVIRONMENT: "development" };
    const dev = await startApi({ databaseUrl, upstream: "http://127.0.0.1:9/v1", env });
    try {
      const response = await asAdmin(dev.url);
      expect([response.status, cookieOf(response, /^fidus_session_3000=./)]).toEqual([200, expect.stringMatching(/=[\w-]{43}$/)]);
      expect(await (await fetch(`${dev.url}/api/v1/auth/providers`)).json()).toEqual({ password: true, oidc: null, mock: true });
    } finally {
      await dev.close();
    }
  });

  test("has no route with any other provider", async () => {
    expect((await asAdmin(api.url)).status).toBe(404);
  });

  test.each(["production", "staging"])("stops the start in %s", async (ENVIRONMENT) => {
    const env = {
      ...apiSettings(databaseUrl, "http://127.0.0.1:1/v1"),
      AUTH_PROVIDER: "mock",
      ENVIRONMENT,
    };
    const { code, stderr } = await runApp(["api"], env);
    expect([code, stderr]).toEqual([
      2,
      `AUTH_PROVIDER: got "mock"; needs another provider outside ENVIRONMENT=development: mock lets anybody in as anybody. Set AUTH_PROVIDER=local.\n`,
    ]);
  });
});
