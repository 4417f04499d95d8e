import { createServer, type Server } from "node:http";
import { onLoopback, stopServer } from "../../../cli/testing-server.ts";
import type { Cloud } from "../cloud/cloud.ts";
import type { Thing } from "../cloud/store.ts";

const serverType = "hcloud:index/server:Server";

interface Probe {
  readonly id: number;
  readonly name: string;
  readonly server_type: { readonly name: string };
  readonly labels: Readonly<Record<string, string>>;
}

const listed = ({ id, inputs }: Thing): object => ({ id: Number(id), name: inputs["name"], labels: inputs["labels"] });

/**
 * The few calls of Hetzner's HTTP API that are made outside of the provider, over the same simulated cloud: servers, and lists by name. Its own
 * servers live in memory and are not in the cloud's inventory.
 */
export class SimulatedHetznerApi {
  readonly #cloud: Cloud;
  readonly #server: Server;
  #base = "";
  /** Every call as `POST /servers cx53 201`. */
  readonly calls: string[] = [];
  /** Servers made through this API that exist now. */
  probes: Probe[] = [];

  private constructor(cloud: Cloud) {
    this.#cloud = cloud;
    this.#server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => (body += chunk.toString()));
      request.on("end", () => {
        const url = new URL(request.url ?? "/", "http://localhost");
        const sent = body === "" ? {} : (JSON.parse(body) as Record<string, unknown>);
        const authorized = /^Bearer [A-Za-z0-9]{64}$/.test(request.headers.authorization ?? "");
        const [status, answer] = authorized
          ? this.#answer(request.method ?? "GET", url, sent)
          : [401, { error: { code: "unauthorized", message: "unable to authenticate" } }];
        this.calls.push([request.method, `${url.pathname}${url.search}`, sent["server_type"], status].filter(Boolean).join(" "));
        response.writeHead(status as number, { "content-type": "application/json" }).end(JSON.stringify(answer));
      });
    });
  }

  /** Listens on a free loopback port; `await using` stops it. */
  static async start(cloud: Cloud): Promise<SimulatedHetznerApi> {
    const api = new SimulatedHetznerApi(cloud);
    api.#base = await onLoopback(api.#server);
    return api;
  }

  get endpoint(): string {
    return this.#base;
  }

  #answer(method: string, url: URL, sent: Record<string, unknown>): [number, object] {
    if (method === "POST" && url.pathname === "/servers") return this.#create(sent);
    if (method === "GET" && url.pathname === "/servers") return [200, { servers: this.#list(url.searchParams) }];
    if (method === "GET") return [200, { [url.pathname.slice(1)]: this.#named(url) }];
    if (method === "DELETE") {
      this.probes = this.probes.filter(({ id }) => !url.pathname.endsWith(`/${id}`));
      return [200, { action: { id: 1, status: "success" } }];
    }
    return [404, { error: { code: "not_found", message: url.pathname } }];
  }

  #create(sent: Record<string, unknown>): [number, object] {
    const { refusals = [] } = this.#cloud.faults.faults;
    const refusal = refusals.find(({ type, where }) => type === serverType && where?.["serverType"] === sent["server_type"]);
    if (refusal) return [412, { error: { code: "resource_unavailable", message: refusal.message } }];
    const id = this.#cloud.store.nextNumber();
    const labels = sent["labels"] as Probe["labels"];
    this.probes.push({ id, name: String(sent["name"]), server_type: { name: String(sent["server_type"]) }, labels });
    return [201, { server: { id }, action: { id: 1, status: "success" } }];
  }

  #list(query: URLSearchParams): object[] {
    const [label, value] = query.get("label_selector")?.split("==") ?? [];
    if (label !== undefined) return this.probes.filter(({ labels }) => labels[label] === value);
    const things = this.#cloud.store
      .all()
      .filter(({ type, inputs }) => type === serverType && inputs["name"] === query.get("name"));
    return things.map((thing) => ({ ...listed(thing), server_type: { name: thing.inputs["serverType"] } }));
  }

  /** What has this name, of the type that such a path lists: `/primary_ips` for `…:PrimaryIp`. */
  #named(url: URL): object[] {
    const plural = (type: string): string => `/${(type.split(":").at(-1) ?? "").replaceAll(/\B[A-Z]/g, "_$&").toLowerCase()}s`;
    const things = this.#cloud.store.all().filter(({ type }) => plural(type).replace(/xs$/, "xes") === url.pathname);
    return things.filter(({ inputs }) => inputs["name"] === url.searchParams.get("name")).map(listed);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return stopServer(this.#server);
  }
}
