import { expect, test } from "vitest";
import { contractProblems, floorOf } from "./contract-rule.ts";

const drop = "ALTER TABLE users DROP COLUMN name";
const floor = (version: number): string => `UPDATE schema_floor SET version = ${version}`;

test("a migration that only adds needs no word", async () => {
  expect(await contractProblems([{ name: "0016_nick", sql: "ALTER TABLE users ADD COLUMN nick text" }], 15)).toEqual([]);
});

test("a migration that takes something away without a floor is refused, with what it takes and what to do", async () => {
  expect(await contractProblems([{ name: "0016_less", sql: drop }], 15)).toEqual([
    "app/migrations/0016_less.sql: got AT_DropColumn users.name; needs what only adds, or a floor. " +
      "Add beside it what replaces it; in the release after, take it away and UPDATE schema_floor SET version = N.",
  ]);
});

test("a migration that takes away what the previous release no longer needs is accepted once it names the floor", async () => {
  expect(await contractProblems([{ name: "0017_less", sql: `${drop}; ${floor(16)}` }], 16)).toEqual([]);
});

test("a migration that takes away what the previous release still needs is refused", async () => {
  const fresh = [
    { name: "0016_nick", sql: "ALTER TABLE users ADD COLUMN nick text" },
    { name: "0017_less", sql: `${drop}; ${floor(16)}` },
  ];
  expect(await contractProblems(fresh, 15)).toEqual([
    "app/migrations/0017_less.sql: got the floor 16; needs 15 or less: the previous version goes back. " +
      "Take it away in the release after.",
  ]);
});

test("the floor of a database is the last one named, and 0 when none is", async () => {
  expect(await floorOf([{ name: "0016_nick", sql: "SELECT 1" }])).toBe(0);
  const named = [9, 12].map((version) => ({ name: `00${version}_x`, sql: floor(version) }));
  expect(await floorOf([...named, { name: "0016_nick", sql: "SELECT 1" }])).toBe(12);
});
