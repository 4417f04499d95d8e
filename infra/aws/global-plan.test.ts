import { expect, test } from "vitest";
import { parseConfig } from "../config/parse.ts";
import type { StackConfig } from "../config/read.ts";
import { complete } from "../config/testing.ts";
import { globalPlan, type GlobalPlan } from "./global-plan.ts";
import { firstEpoch, onlyIfMatch } from "./witness.ts";

function plan(changes: Readonly<Record<string, string>> = {}, without: readonly string[] = []): GlobalPlan {
  const entries = Object.entries({ ...complete["enterprise-global"], ...changes }).filter(([key]) => !without.includes(key));
  const { values, problems } = parseConfig("enterprise-global", Object.fromEntries(entries));
  expect(problems).toEqual([]);
  const identity = { ...values, stack: "shop-global", version: "1.0.0" };
  return globalPlan(values as unknown as StackConfig<"enterprise-global">, identity);
}

test("the two keys of a failover change nothing of what is built", () => {
  expect(plan({ drActiveRegion: "eu-west-1", drMode: "disaster" })).toEqual(plan());
});

test("the name leads to the first region as long as that writes, else to the second, asked every 10 s", () => {
  const { answers, checkInterval } = plan().failover;
  expect(answers).toEqual([
    { rank: "PRIMARY", region: "eu-central-1", name: "eu-central-1.assistant.fidus.test" },
    { rank: "SECONDARY", region: "eu-west-1", name: "eu-west-1.assistant.fidus.test" },
  ]);
  expect(checkInterval).toBe(10);
  expect(plan({ healthCheckInterval: "30 s" }).failover.checkInterval).toBe(30);
});

test("everything that is regional lies in the third region, which neither of the two can take with it", () => {
  const { aws, witness } = plan({ witnessRegion: "eu-west-3" });
  expect([aws.region, witness.region]).toEqual(["eu-west-3", "eu-west-3"]);
  expect(witness.bucket).toBe("fidus-a1b2c3-shop-global-witness-eu-west-3");
  expect(JSON.parse(firstEpoch(witness.writer))).toEqual({ epoch: 1, writer: "eu-central-1" });
});

test("a zone is made, or one that exists is used", () => {
  expect(plan().failover.zone).toEqual({ kind: "create", name: "fidus.test" });
  expect(plan({ hostedZoneId: "Z0123456789ABC" }, ["dnsZone"]).failover.zone).toEqual({ kind: "existing", id: "Z0123456789ABC" });
});

test("the zone's own name is refused as the domain, a name below it is not", () => {
  expect(() => plan({ domain: "fidus.test" })).toThrow(
    "domain: got \"fidus.test\"; needs a name below its zone: the zone's own name cannot lead to the regions' names.",
  );
  expect(plan({ domain: "a.fidus.test" }).failover.domain).toBe("a.fidus.test");
});

test("the epoch may be written by compare-and-set only", () => {
  expect(onlyIfMatch("arn:aws:s3:::witness")).toEqual([
    {
      Sid: "CompareAndSet",
      Effect: "Deny",
      Principal: "*",
      Action: "s3:PutObject",
      Resource: "arn:aws:s3:::witness/epoch.json",
      Condition: { Null: { "s3:if-match": "true" }, Bool: { "s3:ObjectCreationOperation": "true" } },
    },
  ]);
});
