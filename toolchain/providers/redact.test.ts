import { describe, expect, test } from "vitest";
import { redactorFor } from "./redact.ts";
import { secret } from "./values.ts";

describe("a redactor", () => {
  test("masks a secret wherever it stands, and leaves plain values alone", () => {
    const { clean } = redactorFor([secret("hunter2!"), "visible"]);
    expect(clean("hunter2! and visible, xhunter2!x")).toBe("[secret] and visible, x[secret]x");
  });

  test("knows a document by its lines, words and JSON strings, escaped or not", () => {
    const document = JSON.stringify({ password: 'abc"defghijklmnop', port: 5432, host: "db" });
    const { clean } = redactorFor([secret(document), { KEY: secret("first-line-long\nsecond line-of-it-long") }]);
    expect(clean('abc"defghijklmnop')).toBe("[secret]");
    expect(clean('abc\\"defghijklmnop')).toBe("[secret]");
    expect(clean("first-line-long")).toBe("[secret]");
    expect(clean("at line-of-it-long:")).toBe("at [secret]:");
    expect(clean("db on 5432")).toBe("db on 5432");
  });

  test("knows a value that a secret script quotes or assigns", () => {
    const { clean } = redactorFor([secret(`PASS=abcdefghijklmnop echo "qrstuvwxyzabcdef"; true`)]);
    expect(clean("abcdefghijklmnop: qrstuvwxyzabcdef is true")).toBe("[secret]: [secret] is true");
  });

  test("masks the longer of two secrets first", () => {
    expect(redactorFor([secret("abcd"), secret("abcdefgh")]).clean("abcdefgh abcd")).toBe("[secret] [secret]");
  });

  test("ignores secrets too short to tell from ordinary text", () => {
    const { clean, contains } = redactorFor([secret("no"), secret("")]);
    expect(clean("not now")).toBe("not now");
    expect(contains("not now")).toBe(false);
  });
});
