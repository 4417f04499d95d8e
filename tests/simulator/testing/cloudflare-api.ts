import { createServer, type Server } from "node:http";
import { onLoopback, stopServer } from "../../../cli/testing-server.ts";
import type { Cloud } from "../cloud/cloud.ts";

/** The one call of Cloudflare's HTTP API that is made outside of the provider, over the same simulated cloud: a zone's records by name. */
export class SimulatedCloudflareApi {
  readonly #server: Server;
  #base = "";

  private constructor(cloud: Cloud) {
    this.#server = createServer((request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
      const [, zone] = /^\/zones\/([0-9a-f]{32})\/dns_records$/.exec(pathname) ?? [];
      const allowed = zone !== undefined && /^Bearer [\w-]{40}$/.test(request.headers.authorization ?? "");
      const things = cloud.store.all().filter(({ inputs }) => inputs["zoneId"] === zone);
      const wanted = things.filter(
        ({ inputs }) => inputs["name"] === searchParams.get("name.exact") && inputs["type"] === searchParams.get("type"),
      );
      const result = wanted.map(({ id, inputs: { name, type, content, comment } }) => ({ id, name, type, content, comment }));
      response.writeHead(allowed ? 200 : 403, { "content-type": "application/json" });
      response.end(JSON.stringify(allowed ? { success: true, result } : { success: false, errors: [{ code: 10000 }] }));
    });
  }

  /** Listens on a free loopback port; `await using` stops it. */
  static async start(cloud: Cloud): Promise<SimulatedCloudflareApi> {
    const api = new SimulatedCloudflareApi(cloud);
    api.#base = await onLoopback(api.#server);
    return api;
  }

  get endpoint(): string {
    return this.#base;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return stopServer(this.#server);
  }
}
