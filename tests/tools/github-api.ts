import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { json } from "node:stream/consumers";
import { onLoopback, stopServer } from "../../cli/testing-server.ts";

/** A comment as the API lists it. */
export interface Comment {
  readonly id: number;
  body: string;
  readonly user: { readonly login: string };
}

export interface Pull {
  readonly number: number;
  readonly state: string;
  readonly head: { sha: string; readonly repo: { readonly id: number } | null };
  readonly base: { readonly repo: { readonly id: number } };
}

/** The parts of GitHub's API that a comment needs, with what it would know; everything else is 404. */
export class GitHubStandIn implements AsyncDisposable {
  readonly pulls: Pull[] = [];
  readonly comments: Comment[] = [];
  /** By name: the zip, and the size that is said. */
  readonly artifacts: { readonly name: string; readonly zip: Uint8Array; readonly size?: number }[] = [];
  /** Every call that changes something: `PATCH /repos/…`. */
  readonly writes: string[] = [];
  readonly #server: Server;
  #base = "";

  private constructor() {
    this.#server = createServer((request, response) => {
      void this.#answer(request).then(
        ([status, body]) => reply(response, status, body),
        (error: unknown) => reply(response, 500, { message: String(error) }),
      );
    });
  }

  static async start(): Promise<GitHubStandIn> {
    const standIn = new GitHubStandIn();
    standIn.#base = await onLoopback(standIn.#server);
    return standIn;
  }

  get url(): string {
    return this.#base;
  }

  async #answer(request: IncomingMessage): Promise<[number, unknown]> {
    if (request.headers.authorization !== "Bearer token-of-a-test") return [401, { message: "Bad credentials" }];
    const { method = "", url = "" } = request;
    const { pathname, searchParams } = new URL(url, this.url);
    const path = pathname.replace(/^\/repos\/acme\/fidus/, "");
    if (method !== "GET") return this.#write(method, path, (await json(request)) as { body: string });
    if (path === "/pulls") return [200, this.pulls];
    if (/^\/actions\/runs\/\d+\/artifacts$/.test(path)) return [200, { artifacts: this.artifacts.map(listed) }];
    const zip = /^\/actions\/artifacts\/(\d+)\/zip$/.exec(path)?.[1];
    if (zip !== undefined) return [200, this.artifacts[Number(zip) - 1]?.zip];
    const issue = /^\/issues\/(\d+)\/comments$/.exec(path)?.[1];
    const [page, perPage] = [Number(searchParams.get("page") ?? 1), Number(searchParams.get("per_page") ?? 30)];
    if (issue === undefined) return [404, { message: "Not Found" }];
    return [200, this.comments.slice((page - 1) * perPage, page * perPage)];
  }

  #write(method: string, path: string, { body }: { body: string }): [number, unknown] {
    this.writes.push(`${method} ${path}`);
    if ([...body].length > 65_536) return [422, { message: "body is too long" }];
    const id = Number(/^\/issues\/comments\/(\d+)$/.exec(path)?.[1]);
    const existing = this.comments.find((comment) => comment.id === id);
    if (method === "PATCH" && existing !== undefined) {
      existing.body = body;
      return [200, existing];
    }
    if (method !== "POST" || !/^\/issues\/\d+\/comments$/.test(path)) return [404, { message: "Not Found" }];
    this.comments.push({ id: 1000 + this.comments.length, body, user: { login: "github-actions[bot]" } });
    return [201, this.comments.at(-1)];
  }

  [Symbol.asyncDispose](): Promise<void> {
    return stopServer(this.#server);
  }
}

function listed({ name, zip, size }: GitHubStandIn["artifacts"][number], index: number): object {
  return { id: index + 1, name, size_in_bytes: size ?? zip.length, expired: false };
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  const bytes = body instanceof Uint8Array ? body : JSON.stringify(body);
  response.writeHead(status, { "content-type": "application/octet-stream" }).end(bytes);
}
