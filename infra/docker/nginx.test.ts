import { expect, test } from "vitest";
import { nginxConf } from "./nginx.ts";

test("without a domain there is one plain origin: no redirect, no HSTS, no TLS [C-14]", () => {
  const conf = nginxConf({ domain: null });
  expect(conf).toContain("listen 8080;");
  expect(conf).toContain("listen 8081;");
  expect(conf).not.toMatch(/301|Strict-Transport-Security|ssl/);
});

test("with a domain everything plain is redirected and only TLS 1.3 is offered, with the headers on error pages too", () => {
  const conf = nginxConf({ domain: "fidus.example" });
  expect(conf).toContain("return 301 https://fidus.example$request_uri;");
  expect(conf).toContain("ssl_protocols TLSv1.3;");
  expect(conf).toContain('add_header Strict-Transport-Security "max-age=31536000; includeSubDomains" always;');
  expect(conf).toContain("add_header X-Frame-Options SAMEORIGIN always;");
  expect(conf).toContain("add_header X-Content-Type-Options nosniff always;");
  expect(nginxConf({ domain: "fidus.example", httpsPort: 8443 })).toContain("return 301 https://fidus.example:8443$request_uri;");
});

test("HSTS is sent over TLS only", () => {
  const [plain = "", tls = ""] = nginxConf({ domain: "fidus.example" }).split("listen 8443 ssl;");
  expect(plain).not.toContain("Strict-Transport-Security");
  expect(tls).toContain("add_header Strict-Transport-Security");
});

test("challenges are answered only for ACME, on the plain port before the redirect; given files are served from their own place [C-17]", () => {
  const given = nginxConf({ domain: "fidus.example" });
  expect(given).not.toContain("acme-challenge");
  expect(given).toContain("ssl_certificate /run/fidus/tls.crt;");
  const [plain = "", tls = ""] = nginxConf({ domain: "fidus.example", certificate: "acme" }).split("listen 8443 ssl;");
  expect(plain).toMatch(/location \^~ \/\.well-known\/acme-challenge\/ \{[^]*return 301/);
  expect(tls).not.toContain("acme-challenge");
  expect(tls).toContain("ssl_certificate /run/certs/tls.pem;");
  expect(tls).toContain("ssl_certificate_key /run/certs/tls.pem;");
});

test("streams pass at once in both forms, and the /api prefix is kept [C-15] [C-16]", () => {
  for (const conf of [nginxConf({ domain: null }), nginxConf({ domain: "fidus.example" })]) {
    expect(conf).toContain("proxy_buffering off;");
    expect(conf).toContain("proxy_cache off;");
    expect(conf).toContain('proxy_set_header Connection "";');
    expect(conf).toContain("proxy_http_version 1.1;");
    expect(conf).toContain("client_max_body_size 51m;");
    expect(conf).toMatch(/proxy_pass \$api;/);
    expect(conf).not.toMatch(/proxy_pass \$api\//);
  }
});

test("callers of the API get the proxy's own errors as JSON, on every port that serves it", () => {
  for (const [conf, servers] of [
    [nginxConf({ domain: null }), 2],
    [nginxConf({ domain: "fidus.example" }), 1],
  ] as const) {
    for (const status of [413, 502, 504]) {
      expect(conf.split(`error_page ${status} @error-${status};`)).toHaveLength(servers + 1);
      const [, body = ""] = new RegExp(`return ${status} '(.+)';`).exec(conf) ?? [];
      expect(JSON.parse(body)).toMatchObject({ error: { message: expect.stringMatching(/\.$/) as string, param: null } });
    }
  }
});

test("the proxy passes who asked and how [C-14]", () => {
  const conf = nginxConf({ domain: null });
  for (const header of ["Host", "X-Real-IP", "X-Forwarded-For", "X-Forwarded-Proto"])
    expect(conf).toContain(`proxy_set_header ${header} `);
  expect(conf).toContain("worker_connections 4096;");
});
