import { expect, test } from "vitest";
import { contractProblems } from "../versions/contract-rule.ts";
import { ownMigrations } from "../versions/own-migrations.ts";
import { previousVersion } from "../versions/previous.ts";

test("the migrations take nothing away that the previous version needs (decision 0027) [D-06]", async () => {
  expect(await contractProblems(ownMigrations(), previousVersion().schema)).toEqual([]);
});
