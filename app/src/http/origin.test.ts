import { expect, test } from "vitest";
import { senderOf } from "./origin.ts";

const config = { publicUrl: new URL("http://localhost:3000"), corsOrigins: ["https://other.example"] };

function sender(origin: string | undefined, host: string, protocol = "http"): string {
  return senderOf({ headers: { origin, host }, protocol }, config);
}

test.each([
  "localhost:3000",
  "127.0.0.1:3000",
  "192.168.1.5:3000",
  "[fd00::5]:3000",
  "nas:3000",
  "nas.local:3000",
  "nas.home.arpa",
  "192.168.1.5",
])("a page opened at %s on this machine is ours, one of its other ports or schemes is not", (host) => {
  expect(sender(`http://${host}`, host)).toBe("own");
  expect(sender(`http://${host.replace(/:\d+$/, "")}:8080`, host)).toBe("foreign");
  expect(sender(`https://${host}`, host)).toBe("foreign");
  expect(sender(`https://${host}`, host, "https")).toBe("own");
});

test.each([
  "evil.example:3000",
  "127.0.0.1.evil.example:3000",
  "local.evil.example",
  "evil.example.:3000",
  "192.168.1.5.evil:3000",
])("a page at the public name %s is not ours, though the name leads here", (host) => {
  expect(sender(`http://${host}`, host)).toBe("foreign");
});

test("the public URL and the allowed origins are ours at any Host, another is not", () => {
  expect(sender("http://localhost:3000", "proxy.example")).toBe("own");
  expect(sender("https://other.example", "192.168.1.5:3000")).toBe("own");
  expect(sender("https://evil.example", "localhost:3000")).toBe("foreign");
  expect(sender("null", "localhost:3000")).toBe("foreign");
});

test("a program that says nothing is neither", () => {
  expect(sender(undefined, "localhost:3000")).toBe("unknown");
});

test.each([
  ["same-origin", "own"],
  ["same-site", "foreign"],
  ["cross-site", "foreign"],
  ["none", "foreign"],
])("a browser that says %s without an origin is %s", (site, expected) => {
  expect(senderOf({ headers: { "sec-fetch-site": site, host: "localhost:3000" }, protocol: "http" }, config)).toBe(expected);
});
