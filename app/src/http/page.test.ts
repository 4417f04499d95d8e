import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import express from "express";
import { afterAll, beforeAll, expect, test } from "vitest";
import { close, listen } from "../lifecycle.ts";
import { createLogger } from "../log.ts";
import { errorHandler, notFound } from "./errors.ts";
import { createPageRouter } from "./page-routes.ts";

let server: Server;
let url: string;
let root: string;

beforeAll(async () => {
  root = mkdtempSync("/tmp/fidus-page-");
  mkdirSync(join(root, "static"));
  writeFileSync(join(root, "index.html"), "<title>Fidus</title>");
  writeFileSync(join(root, "admin.html"), "<title>Administration</title>");
  writeFileSync(join(root, "docs.html"), "<title>API</title>");
  writeFileSync(join(root, "static/main-ABC.js"), "1");
  writeFileSync(join(root, ".secret"), "no");
  const app = express();
  app.use(createPageRouter(root, new URL("http://localhost:3000")), notFound, errorHandler(createLogger("silent", "test", "")));
  server = createServer(app);
  url = `http://127.0.0.1:${await listen(server, 0)}`;
});

afterAll(async () => {
  await close(server);
  rmSync(root, { recursive: true });
});

test.each(["/", "/c/5f0c", "/settings"])("%s is the page, checked again each time", async (path) => {
  const response = await fetch(url + path);
  expect([response.status, await response.text()]).toEqual([200, "<title>Fidus</title>"]);
  expect(response.headers.get("cache-control")).toBe("no-cache");
});

test.each([
  ["/admin", "Administration"],
  ["/admin/users", "Administration"],
  ["/docs", "API"],
])("%s is a page of its own under the same policy", async (path, title) => {
  const response = await fetch(url + path);
  expect([response.status, await response.text()]).toEqual([200, `<title>${title}</title>`]);
  expect(response.headers.get("cache-control")).toBe("no-cache");
  expect(response.headers.get("content-security-policy")).toBe((await fetch(url)).headers.get("content-security-policy"));
});

test("the page may load nothing from elsewhere and run nothing inline, and asks for no TLS where there is none", async () => {
  const { headers } = await fetch(url);
  const policy = headers.get("content-security-policy") ?? "";
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toMatch(/unsafe|https?:|\*|upgrade-insecure-requests/);
  expect(headers.get("strict-transport-security")).toBeNull();
  expect(headers.get("x-content-type-options")).toBe("nosniff");
});

test("assets are kept for ever", async () => {
  const response = await fetch(`${url}/static/main-ABC.js`);
  expect(response.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
});

test.each(["/static/gone.js", "/static/", "/api/x", "/v1/models", "/favicon.ico", "/.secret", "/static/..%2f.secret"])(
  "%s is 404, not the page",
  async (path) => {
    expect((await fetch(url + path)).status).toBe(404);
  },
);
