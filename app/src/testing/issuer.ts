import { createServer } from "node:http";
import getPort from "get-port";
import Provider from "oidc-provider";
import { close } from "../lifecycle.ts";

/** A real OpenID Connect provider on loopback, with accounts as a test needs them. */
export interface TestIssuer {
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Claims by login name; to be changed at will. */
  readonly accounts: Map<string, Readonly<Record<string, unknown>>>;
  /** Does what a person does at the provider: signs in, consents. Resolves to where the browser is sent back. */
  readonly signIn: (authorization: string, login: string) => Promise<string>;
  readonly close: () => Promise<void>;
}

export async function startIssuer(callback: string): Promise<TestIssuer> {
  const port = await getPort();
  const url = `http://127.0.0.1:${port}`;
  const [clientId, clientSecret] = ["fidus", "a-secret-of-the-test-issuer"];
  const accounts = new Map<string, Readonly<Record<string, unknown>>>();
  const provider = new Provider(url, {
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: [callback],
        token_endpoint_auth_method: "client_secret_post",
      },
    ],
    pkce: { required: () => true },
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "realm_access"] },
    cookies: { keys: ["only for tests"] },
    findAccount: (_ctx, login) => ({ accountId: login, claims: () => ({ sub: login, ...accounts.get(login) }) }),
  });
  const server = createServer((req, res) => void provider.callback()(req, res));
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    url,
    clientId,
    clientSecret,
    accounts,
    signIn: (authorization, login) => walk(authorization, login, callback),
    close: async () => {
      server.closeAllConnections();
      await close(server);
    },
  };
}

/** Follows the provider's pages as a browser would, filling in its two forms. */
async function walk(start: string, login: string, callback: string): Promise<string> {
  const jar = new Map<string, string>();
  let at = start;
  let form: URLSearchParams | null = null;
  for (let step = 0; step < 12; step++) {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const response: Response = await fetch(at, {
      method: form === null ? "GET" : "POST",
      body: form,
      headers: { cookie },
      redirect: "manual",
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === "") jar.delete(name);
      else jar.set(name, value);
    }
    const location = response.headers.get("location");
    form = null;
    if (location !== null) {
      at = new URL(location, at).href;
      if (at.startsWith(callback)) return at;
      continue;
    }
    const page = await response.text();
    const prompt = /name="prompt" value="(\w+)"/.exec(page)?.[1];
    const action = /<form[^>]* action="([^"]+)"/.exec(page)?.[1];
    if (prompt === undefined || action === undefined)
      throw new Error(`the issuer answered ${response.status}: ${page.slice(0, 500)}`);
    at = new URL(action, at).href;
    form = new URLSearchParams(prompt === "login" ? { prompt, login, password: "any" } : { prompt });
  }
  throw new Error("the issuer never sent the browser back");
}
