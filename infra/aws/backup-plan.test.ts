import { expect, test } from "vitest";
import { copyStatements, copyTarget } from "./backup-plan.ts";

const identity = { edition: "e", installation: "a1b2c3", environment: "production", stack: "shop-eu-central-1", version: "1" };
const target = copyTarget(identity, "shop-eu-west-1", "eu-west-1", "123456789012");
const source = "arn:aws:s3:::fidus-a1b2c3-shop-eu-central-1-backups";
const statements = copyStatements(source, "eu-central-1", "arn:aws:kms:eu-central-1:123456789012:key/k", target);

test("copies go to a bucket of this account only, whoever else may own its name", () => {
  const writes = statements.filter(({ Action }) => Action.includes("s3:ReplicateObject"));
  expect(writes).toEqual([
    {
      Effect: "Allow",
      Action: ["s3:ReplicateObject", "s3:ReplicateTags"],
      Resource: "arn:aws:s3:::fidus-a1b2c3-shop-eu-west-1-backups/*",
      Condition: { StringEquals: { "aws:ResourceAccount": "123456789012" } },
    },
  ]);
});

test("the copy can be encrypted with the other region's key for backups and with no other one", () => {
  const encrypts = statements.filter(({ Action }) => Action.includes("kms:Encrypt"));
  expect(encrypts.map(({ Condition }) => Condition?.["ForAnyValue:StringEquals"])).toEqual([
    { "kms:ResourceAliases": "alias/fidus-a1b2c3-shop-eu-west-1-backups" },
  ]);
});

test("nothing is allowed everywhere, and nothing may be deleted", () => {
  expect(statements.filter(({ Resource }) => Resource === "*")).toEqual([]);
  expect(statements.flatMap(({ Action }) => Action).filter((action) => /Delete|\*/.test(action))).toEqual([]);
});
