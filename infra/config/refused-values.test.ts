import { describe, expect, test } from "vitest";
import { keysOf } from "./keys.ts";
import { editions, type KeySpec } from "./spec.ts";
import { readChanged as read } from "./testing.ts";
import { ruleOf } from "./values.ts";

const bad: Record<KeySpec["type"], readonly string[]> = {
  string: ["", "  "],
  integer: ["", "1.5", "one", "-1", "1e3", "99999999999999999999", "0x10", " 1"],
  port: ["", "0", "65536", "3000 ", "0x50"],
  address: ["", "localhost", "127.1", "256.0.0.1", "10.0.0.0/8", " 10.0.0.5", "::", "::1", "[::]", "fd00::2"],
  boolean: ["", "yes", "1", "True"],
  url: ["", "localhost:11434", "ftp://host", "javascript:alert(1)"],
  domain: [
    "",
    "https://fidus.test",
    "fidus.test:443",
    "Fidus.test",
    "a b",
    "-a.test",
    "x;}",
    "fidus.test.",
    "a".repeat(64),
    "a..b",
  ],
  email: ["", "nobody", "a b@c", "@c", "a@", "a@b,c@d"],
  choice: ["", "EMBEDDED", "nonsense", "constructor"],
  choices: ["", ",", "nonsense", '["cx53"]', "cx53;cx43", "constructor"],
  list: ["", ",", "nonsense"],
  map: ["", "[]", "null", "{", '{"app":1}'],
  json: ["", "[]", "null", "{", "1", "nonsense"],
  size: ["", "40", "40GB", "0 GB", "-1 GB", "999999 TB", "1 GB"],
  duration: ["", "30", "30d", "0 s", "1 s", "99999 days"],
  money: ["", "100", "0 USD", "100 EUR", "USD 100", "1e3 USD", "999999999 USD"],
  cidr: ["", "10.0.0.0", "10.0.0.0/8", "10.20.0.1/16", "203.0.113.0/24", "10.20.0.0/28", "fd00::/16"],
  cidrs: ["", "0.0.0.0/0", "::/0", "198.18.7.0/24,::/0", "198.18.7.1/24", "everybody", "198.18.7.0/24 198.19.0.0/24"],
};

describe.each(editions)("keys of %s", (edition) => {
  test.each(keysOf(edition))("%s: an empty, mistyped or out-of-range value is refused", (name, spec) => {
    for (const text of bad[spec.type]) {
      const problem = read(edition, { [name]: text }).problems.find(({ path }) => path === name);
      expect(problem?.rule, `${name}=${JSON.stringify(text)}`).toBe(ruleOf(spec));
    }
  });

  test.each(keysOf(edition).filter(([, { form, type }]) => form !== undefined && type === "string"))(
    "%s: what does not have its form is refused",
    (name) => {
      for (const text of ["nonsense!", "a b c", "$(reboot)", "x\ny", '";}'])
        expect(
          read(edition, { [name]: text }).problems.map(({ path }) => path),
          text,
        ).toContain(name);
    },
  );

  test.each(keysOf(edition).filter(([, { between }]) => between !== undefined))("%s: both bounds are accepted", (name, spec) => {
    for (const bound of spec.between ?? []) {
      const text = spec.type === "cidr" ? `10.64.0.0/${bound}` : String(bound);
      const problem = read(edition, { [name]: text }).problems.find(({ path }) => path === name);
      expect(problem?.rule, `${name}=${text}`).not.toBe(ruleOf(spec));
    }
  });
});
