import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Answers one request; gets its number, from 1. */
export type Handler = (request: IncomingMessage, response: ServerResponse, count: number) => void;

/** A server for downloads on a port of its own. */
export interface TestServer {
  readonly url: string;
  readonly requests: readonly IncomingMessage[];
  readonly stop: () => Promise<void>;
}

/** Starts a server that answers as the handler says. */
export async function startServer(handler: Handler): Promise<TestServer> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    handler(request, response, requests.length);
  });
  return { url: `${await onLoopback(server)}/tiny.gguf`, requests, stop: () => stopServer(server) };
}

/** Makes it listen on a free port of the loopback; its base URL, without a slash at the end. */
export async function onLoopback(server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Drops every connection and resolves when the port is free. */
export async function stopServer(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, "close");
}

/** Sends the content, or the part of it that the request's range asks for. */
export function sendRange(content: Buffer, request: IncomingMessage, response: ServerResponse): void {
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
  const body = content.subarray(start);
  const range = { "content-range": `bytes ${start}-${content.length - 1}/${content.length}` };
  response.writeHead(start === 0 ? 200 : 206, { "content-length": body.length, ...(start === 0 ? {} : range) }).end(body);
}
