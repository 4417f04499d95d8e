import { expect, test } from "vitest";
import { isEmail } from "../app/src/auth/users.ts";
import { emailProblems } from "./email.ts";

test.each([
  ["ada@example.com", true],
  [" ada@example.com ", true],
  ["admin@localhost", true],
  ["ada", false],
  ["", false],
  ["ada@", false],
  ["ada@@example.com", false],
  ["ada lovelace@example.com", false],
  [`${"a".repeat(250)}@b.c`, true],
  [`${"a".repeat(251)}@b.c`, false],
])("%j is an e-mail address: %s, for the launcher and the application alike", (email, good) => {
  expect(emailProblems(email, "fix").length === 0).toBe(good);
  expect(isEmail(email.trim())).toBe(good);
});

test("no e-mail is no problem, a bad one is named with the command", () => {
  expect(emailProblems(undefined, "fix")).toEqual([]);
  expect(emailProblems("ada", "./fidus up --email you@example.com")).toEqual([
    { path: "--email", got: "ada", rule: "an e-mail address", fix: "./fidus up --email you@example.com" },
  ]);
});
