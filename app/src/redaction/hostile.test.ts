import { expect, test } from "vitest";
import { detect } from "./detect.ts";

const size = 100_000;
const seeds = [
  ...["a", "@", "a@", "a@a.", "x@y.zz", "1", "1 ", "+49 ", "0171 ", "0-0-", "030 1234567 ", "212-555-0142 ", "01.02.2024 "],
  ...["DE89", "DE89 3704 0044 0532 ", "AA11AA11AA11 ", "DE 123 456 789 ", "A1", "A 1 ", "4111 1111 1111 1111 "],
  ...[
    "sk-",
    "eyJaaaaaaaaa.",
    "eyJaaaaaaaaa ",
    "-----BEGIN PRIVATE KEY-----",
    "http://a:",
    "http://a:b",
    "a://b:c@",
    ":",
    "1:",
    "1.1.1.",
  ],
  ...["Herr ", "Aaaa-", "Aaaa ", "12 Aaa ", "1 rue de la ", "[", "[EMAIL-", "SSN ", "\\", '"', "ä", "🦉"],
];

test.each(seeds)("100 kB of %j take less than 2 seconds", (seed) => {
  const text = seed.repeat(Math.ceil(size / seed.length));
  const started = performance.now();
  detect(text);
  expect(performance.now() - started).toBeLessThan(2_000);
});
