import { expect, test } from "vitest";
import { readPlan } from "../plan/read.ts";
import { previewOf, unknownValue, type Step } from "../testing.ts";
import { dataRiskOf } from "./data-risk.ts";
import { downtimeOf } from "./downtime.ts";

const server = "hcloud:index/server:Server";
const disk = "hcloud:index/volume:Volume";
const first = { state: { pendingReplacement: true } };
const changeOf = (step: Step) => readPlan(previewOf([step]), "plan.json").changes[0]!;
const update = (type: string, was: object, inputs: object): Step => ({
  op: "update",
  type,
  was: { ...was },
  inputs: { ...inputs },
});

test.each<[string, Step, string]>([
  ["a new server", { op: "create", type: server }, "none"],
  ["an unchanged server", { op: "same", type: server }, "none"],
  ["a relabelled server", update(server, { labels: {} }, { labels: { a: "b" } }), "none"],
  ["a rescaled server", update(server, { serverType: "cx33" }, { serverType: "cx43" }), "restart"],
  [
    "a server whose addresses change",
    { ...update(server, {}, {}), more: { detailedDiff: { "publicNets[0].ipv4": {} } } },
    "restart",
  ],
  ["a replaced server", { op: "replace", type: server }, "replace"],
  ["a server whose keys are not known yet", update(server, { sshKeys: ["1"] }, { sshKeys: unknownValue }), "replace"],
  ["a server whose labels are not known yet", update(server, { labels: {} }, { labels: unknownValue }), "none"],
  ["nodes with a new release", update("aws:eks/nodeGroup:NodeGroup", { version: "1.35" }, { version: "1.36" }), "rolling"],
  ["more nodes", update("aws:eks/nodeGroup:NodeGroup", { scalingConfig: 1 }, { scalingConfig: 2 }), "none"],
  ["nodes that are replaced, new ones first", { op: "replace", type: "aws:eks/nodeGroup:NodeGroup" }, "rolling"],
  ["nodes that are replaced, old ones first", { op: "replace", type: "aws:eks/nodeGroup:NodeGroup", ...first }, "replace"],
  ["a changed deployment", update("kubernetes:apps/v1:Deployment", { spec: 1 }, { spec: 2 }), "rolling"],
  ["a replaced container", { op: "replace", type: "docker:index/container:Container" }, "replace"],
  ["a replaced password", { op: "replace", type: "random:index/randomPassword:RandomPassword" }, "none"],
  ["a change of a type nobody knows", update("acme:x:Y", { a: 1 }, { a: 2 }), "restart"],
])("%s: the interruption is told", (_, step, expected) => expect(downtimeOf(changeOf(step))).toBe(expected));

test.each<[string, Step, boolean, string, string | null]>([
  ["a deleted disk", { op: "delete", type: disk }, false, "at-risk", "disk"],
  ["a deleted disk with a fresh backup", { op: "delete", type: disk }, true, "protected", "disk"],
  ["a deleted disk that is protected", { op: "delete", type: disk, protect: true }, false, "protected", "disk"],
  ["a disk the vendor protects", { op: "delete", type: disk, inputs: { deleteProtection: true } }, false, "protected", "disk"],
  ["a disk that stays", { op: "delete", type: disk, state: { retainOnDelete: true } }, false, "protected", "disk"],
  ["a leftover of an earlier replacement", { op: "delete", type: disk, state: { delete: true } }, false, "at-risk", "disk"],
  ["a disk that grows", update(disk, { size: 10 }, { size: 20 }), false, "none", null],
  [
    "a disk whose location is not known yet",
    update(disk, { location: "nbg1" }, { location: unknownValue }),
    false,
    "at-risk",
    "disk",
  ],
  ["a new disk", { op: "create", type: disk }, false, "none", null],
  ["a replaced server", { op: "replace", type: server }, false, "at-risk", "root disk"],
  ["a replaced zone", { op: "replace", type: "hcloud:index/zone:Zone" }, false, "at-risk", "records of the zone"],
  ["a bucket that is deleted only when empty", { op: "delete", type: "aws:s3/bucket:Bucket" }, false, "protected", "bucket"],
  [
    "a bucket that is emptied",
    { op: "delete", type: "aws:s3/bucket:Bucket", inputs: { forceDestroy: true } },
    false,
    "at-risk",
    "bucket",
  ],
  ["a Docker volume", { op: "delete", type: "docker:index/volume:Volume", name: "app-data" }, false, "at-risk", "volume"],
  [
    "a Docker volume that is filled again",
    { op: "delete", type: "docker:index/volume:Volume", name: "app-model" },
    false,
    "none",
    null,
  ],
  [
    "backups that are switched off",
    update(server, { backups: true }, { backups: false }),
    false,
    "at-risk",
    "backups of the server",
  ],
  ["backups that are switched on", update(server, { backups: false }, { backups: true }), false, "none", null],
  ["a deleted firewall", { op: "delete", type: "hcloud:index/firewall:Firewall" }, false, "none", null],
])("%s: the data at risk are told", (_, step, backedUp, risk, what) => {
  expect(dataRiskOf(changeOf(step), backedUp)).toEqual({ risk, what });
});
