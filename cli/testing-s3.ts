import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { onLoopback, stopServer } from "./testing-server.ts";

/** Who may use the stand-in, and what it has. */
export interface S3Account {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly buckets: readonly string[];
}

/**
 * For tests: an S3 server that knows one account. It checks signatures by itself (AWS Signature Version 4, as its specification
 * says), and answers the listing of a bucket or the error that S3 has for it.
 */
export class StandInS3 implements AsyncDisposable {
  readonly #server: Server;
  #base = "";
  /** Every call as `GET /bucket NoSuchBucket`. */
  readonly calls: string[] = [];

  private constructor(account: S3Account) {
    this.#server = createServer((request, response) => {
      const code = refusal(request, account);
      this.calls.push(`${request.method} ${request.url?.split("?")[0]} ${code ?? "ok"}`);
      const body = code === null ? "<ListBucketResult/>" : `<Error><Code>${code}</Code></Error>`;
      const status = code === null ? 200 : code === "NoSuchBucket" ? 404 : 403;
      response.writeHead(status, { "content-type": "application/xml" }).end(body);
    });
  }

  static async start(account: S3Account): Promise<StandInS3> {
    const s3 = new StandInS3(account);
    s3.#base = await onLoopback(s3.#server);
    return s3;
  }

  get endpoint(): string {
    return this.#base;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return stopServer(this.#server);
  }
}

function refusal(request: IncomingMessage, { accessKeyId, secretAccessKey, buckets }: S3Account): string | null {
  const sent = /Credential=([^/]+)\/([^,]+), SignedHeaders=([^,]+), Signature=([0-9a-f]{64})/.exec(
    request.headers.authorization ?? "",
  );
  if (sent === null) return "AccessDenied";
  const [, id = "", scope = "", names = "", signature = ""] = sent;
  if (id !== accessKeyId) return "InvalidAccessKeyId";
  const wanted = sign(request, secretAccessKey, scope, names.split(";"));
  if (!timingSafeEqual(Buffer.from(wanted), Buffer.from(signature))) return "SignatureDoesNotMatch";
  const bucket = request.url?.split(/[/?]/)[1] ?? "";
  return buckets.includes(bucket) ? null : "NoSuchBucket";
}

function sign({ method, url = "", headers }: IncomingMessage, secret: string, scope: string, names: readonly string[]): string {
  const { pathname, searchParams } = new URL(url, "http://localhost");
  const query = [...searchParams].map((pair) => pair.map(encodeURIComponent).join("=")).sort();
  const lines = names.map((name) => `${name}:${String(headers[name]).trim()}\n`);
  const payload = String(headers["x-amz-content-sha256"]);
  const request = [method, pathname, query.join("&"), lines.join(""), names.join(";"), payload].join("\n");
  const digest = createHash("sha256").update(request).digest("hex");
  const text = ["AWS4-HMAC-SHA256", headers["x-amz-date"], scope, digest].join("\n");
  const hmac = (key: string | Buffer, part: string): Buffer => createHmac("sha256", key).update(part).digest();
  const key = scope.split("/").reduce<string | Buffer>(hmac, `AWS4${secret}`);
  return hmac(key as Buffer, text).toString("hex");
}
