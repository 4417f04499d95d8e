/** What a page is tested against: the real product, or the stand-in for what a model cannot be asked to do. */
import { request as requests, type APIRequestContext } from "playwright-core";
import { docker, newProduct } from "../../docker/product.ts";
import { startDevServer } from "../dev-server.ts";
import type { OpenOptions } from "./browser.ts";

export interface Target {
  readonly url: string;
  readonly email: string;
  readonly password: string;
  /** A signed-in caller of the API, for looking behind the page. */
  readonly api: APIRequestContext;
  /** Cookies of that session for a page that starts signed in. */
  readonly signedIn: NonNullable<OpenOptions["storageState"]>;
  /** Answers that the runtime is writing or has waiting. */
  active(): Promise<number>;
  /** Stops what was started and removes what it left. */
  close(): Promise<void>;
}

/** The page as it is served, over an API with scripted answers. */
export async function openStandIn(): Promise<Target> {
  const server = await startDevServer();
  const { url, email, password } = server;
  return { ...(await signIn(url, email, password)), active: async () => server.active(), close: () => server.close() };
}

/** A product of its own: `./fidus up` with the demo model, reached through its proxy. */
export async function openProduct(): Promise<Target> {
  const product = await newProduct();
  try {
    const { admin } = await product.up();
    if (admin === null) throw new Error("admin: got none; needs the administrator that the first up makes.");
    const [llm] = await product.containers("llm");
    const format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
    const address = (await docker(["inspect", "--format", format, llm?.id ?? ""])).trim();
    return {
      ...(await signIn(product.url, admin.email, admin.password)),
      // Asked itself, past proxy and API: what these say is what is to be shown.
      active: async () => {
        const status = (await (await fetch(`http://${address}:8080/status`)).json()) as { queued: number };
        return status.queued;
      },
      close: () => product.remove(),
    };
  } catch (error) {
    await product.remove();
    throw error;
  }
}

export type SignedIn = Pick<Target, "url" | "email" | "password" | "api" | "signedIn">;

/** Signs in as a caller of the API does. */
export async function signIn(url: string, email: string, password: string): Promise<SignedIn> {
  const extraHTTPHeaders = { "X-Fidus-CSRF": "1", "Sec-Fetch-Site": "same-origin" };
  const api = await requests.newContext({ baseURL: url, extraHTTPHeaders });
  const login = await api.post("/api/v1/auth/login", { data: { email, password } });
  if (!login.ok()) throw new Error(`login: got status ${login.status()} from ${url}; needs 200.`);
  return { url, email, password, api, signedIn: await api.storageState() };
}
