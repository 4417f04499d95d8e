import { expect, test } from "vitest";
import { runApp } from "./testing/process.ts";

test.each([
  [["single", "--help"], 'arguments: got "--help"; needs no arguments: its settings come from the environment.'],
  [["worker", "x"], "Start it as: node main.js worker"],
  [["migrate", "x"], 'arguments: got "x"; needs options alone. Use: migrate [--status] [--json]'],
])("%j exits 2 before it does anything", async (args, text) => {
  const { code, stdout, stderr } = await runApp(args, { DATABASE_URL: "postgres://fidus@127.0.0.1:9/none" });
  expect([code, stdout, stderr]).toEqual([2, "", expect.stringContaining(text)]);
});

test.each(["single", "worker"])("%s without arguments reads its settings", async (role) => {
  const { code, stderr } = await runApp([role], { DATABASE_URL: "postgres://fidus@127.0.0.1:9/none" });
  expect([code, stderr]).toEqual([2, expect.stringMatching(/^(SESSION_SECRET|ENCRYPTION_KEY): got nothing/)]);
});
