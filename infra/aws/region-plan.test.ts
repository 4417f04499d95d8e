import { expect, test } from "vitest";
import { parseConfig } from "../config/parse.ts";
import type { StackConfig } from "../config/read.ts";
import { complete } from "../config/testing.ts";
import { endpointAccess } from "./cluster.ts";
import { familyOf, regionPlan, type RegionPlan } from "./region-plan.ts";

function plan(changes: Readonly<Record<string, string>> = {}, stack = "shop-eu-central-1"): RegionPlan {
  const { values, problems } = parseConfig("enterprise-region", { ...complete["enterprise-region"], ...changes });
  expect(problems).toEqual([]);
  const { edition, installation, environment } = values;
  const identity = { edition, installation, environment, stack, version: "1.0.0" };
  return regionPlan(values as unknown as StackConfig<"enterprise-region">, identity);
}

test("the system nodes are five or more machines of 8 vCPU and 32 GB unless the operator says otherwise", () => {
  expect(plan().systemNodes).toMatchObject({ instanceTypes: ["m7i.2xlarge", "m6i.2xlarge", "m7a.2xlarge"], least: 5, most: 12 });
  expect(plan({ systemInstanceTypes: "m7i.xlarge", systemNodes: "3" }).systemNodes).toMatchObject({
    instanceTypes: ["m7i.xlarge"],
    least: 3,
  });
});

test("the GPU types keep their order, only what asked for a GPU runs there, and with none allowed there is no group", () => {
  expect(plan({ gpuInstanceTypes: "g5.xlarge,g6e.xlarge" }).gpuNodes).toMatchObject({
    instanceTypes: ["g5.xlarge", "g6e.xlarge"],
    taint: { key: "nvidia.com/gpu", effect: "NO_SCHEDULE" },
    labels: { "nvidia.com/gpu.present": "true" },
    capacityReservation: null,
  });
  const reserved = { gpuInstanceTypes: "g6e.xlarge", gpuCapacityReservation: "cr-0123456789abcdef0" };
  expect(plan(reserved).gpuNodes?.capacityReservation).toBe("cr-0123456789abcdef0");
  expect(plan({ gpuNodes: "0", gpuNodesMax: "0", environment: "staging" }).gpuNodes).toBeNull();
});

test("night sleep is two daily times in the operator's time zone, for both groups, and without it nobody sleeps", () => {
  const night = { environment: "development", nightSleep: "21:15-06:05", timeZone: "Europe/Paris" };
  const sleep = { goes: "15 21 * * *", comes: "5 6 * * *", timeZone: "Europe/Paris" };
  const { systemNodes, gpuNodes } = plan(night);
  expect([systemNodes.sleep, gpuNodes?.sleep]).toEqual([sleep, sleep]);
  expect(plan().systemNodes.sleep).toBeNull();
});

test("the cluster's API is shown to the named networks, or to nobody outside", () => {
  expect(endpointAccess(plan().cluster.adminRanges)).toEqual({
    endpointPrivateAccess: true,
    endpointPublicAccess: true,
    publicAccessCidrs: ["198.18.7.0/24"],
  });
  expect(endpointAccess(plan({ clusterEndpoint: "private" }).cluster.adminRanges)).toEqual({
    endpointPrivateAccess: true,
    endpointPublicAccess: false,
  });
});

test("backups are copied only once the other region exists, to the bucket that its own plan makes", () => {
  expect(plan().backups).toEqual({ lockMode: "GOVERNANCE", days: 30, copyTo: null });
  expect(plan({ peerExists: "true", backupLock: "compliance", backupRetention: "36 h" }).backups).toEqual({
    lockMode: "COMPLIANCE",
    days: 2,
    copyTo: {
      region: "eu-west-1",
      account: "210987654321",
      bucket: "arn:aws:s3:::fidus-a1b2c3-shop-eu-west-1-backups",
      keyAliasArn: "arn:aws:kms:eu-west-1:210987654321:alias/fidus-a1b2c3-shop-eu-west-1-backups",
    },
  });
});

test("a stack that is not named after its region is refused with the command that renames it", () => {
  expect(familyOf("acme-dev-eu-west-1", "eu-west-1")).toBe("acme-dev");
  for (const stack of ["acme", "acme-eu-west-2", "-eu-west-1", "eu-west-1"])
    expect(() => familyOf(stack, "eu-west-1"), stack).toThrow(
      `stack: got "${stack}"; needs a name that ends in -eu-west-1. pulumi stack rename NAME-eu-west-1`,
    );
});
