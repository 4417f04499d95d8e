import type { Change } from "../plan/changes.ts";
import { inputAt } from "../plan/values.ts";
import { isFree } from "../estimators/free.ts";
import { isGuess, replaceRules, topOf } from "./replacing.ts";

/**
 * What a change interrupts. none: nothing; rolling: part after part, the whole goes on; restart: it stops and comes back as the
 * same; replace: another one takes its place.
 */
export type Downtime = "none" | "rolling" | "restart" | "replace";

/** Inputs whose change in place interrupts. Source: replace-rules.json and its summary, 2026-11-21. */
const inPlace: Readonly<Record<string, Readonly<Record<string, Downtime>>>> = {
  "hcloud:index/server:Server": {
    ...{ serverType: "restart", publicNets: "restart", iso: "restart", rescue: "restart", networks: "restart" },
  },
  "hcloud:index/primaryIp:PrimaryIp": { assigneeId: "restart", assigneeType: "restart" },
  "hcloud:index/volume:Volume": { serverId: "restart" },
  "hcloud:index/floatingIp:FloatingIp": { serverId: "restart" },
  "hcloud:index/loadBalancerTarget:LoadBalancerTarget": { usePrivateIp: "restart" },
  "hcloud:index/loadBalancerNetwork:LoadBalancerNetwork": { enablePublicInterface: "restart" },
  "aws:eks/nodeGroup:NodeGroup": { version: "rolling", releaseVersion: "rolling", launchTemplate: "rolling" },
  "aws:eks/cluster:Cluster": { version: "rolling" },
  "aws:eks/addon:Addon": { addonVersion: "rolling", configurationValues: "rolling" },
  "aws:ec2/instance:Instance": { instanceType: "restart", userData: "restart" },
  "cloudflare:index/zone:Zone": { paused: "restart" },
};

/** Nobody notices when these are made anew. */
const quiet =
  /^(random|tls|command|time):|^hcloud:index\/(sshKey|snapshot|placementGroup):|^aws:(cloudwatch|budgets|costexplorer|sns|iam)\/|^aws:ec2\/launchTemplate:/;

/** Kubernetes rolls what runs in it. */
const workloads = /^kubernetes:apps\/v1:(Deployment|StatefulSet|DaemonSet)$/;

/** The interruption that a change brings. What is not known is taken for the worse. */
export function downtimeOf(change: Change): Downtime {
  const { type, op, deleteFirst } = change;
  if (op === "replace") return replaced(type, deleteFirst);
  if (op !== "update") return "none";
  if (mayReplace(change)) return replaced(type, deleteFirst);
  if (workloads.test(type)) return "rolling";
  if (quiet.test(type) || isKnown(type)) return worst(change.paths.map((path) => inPlace[type]?.[topOf(path)] ?? "none"));
  return "restart";
}

/** The engine plans an update, but an input that replaces, or of which nobody knows it, gets its value only while it runs. */
export function mayReplace(change: Change): boolean {
  const { type } = change;
  const listed = replaceRules[type]?.replace ?? [];
  return valuesToCome(change).some((path) => listed.includes(topOf(path)) || doubtful(type, path));
}

/** Inputs of a change for which it was taken that they replace, because nobody knows it for sure. */
export function replaceGuesses(change: Change): readonly string[] {
  return change.guessed ?? valuesToCome(change).filter((path) => doubtful(change.type, path));
}

/** Changed inputs whose value the engine does not know yet; those that it knows the provider has judged. */
function valuesToCome({ op, paths, after }: Change): readonly string[] {
  if (op !== "update" || after === null) return [];
  return paths.filter((path) => inputAt(after.inputs, topOf(path)).kind === "unknown");
}

/** Of types that somebody looked at; the others are told as a whole. */
function doubtful(type: string, path: string): boolean {
  return Object.hasOwn(replaceRules, type) && isGuess(type, path);
}

function replaced(type: string, deleteFirst: boolean): Downtime {
  if (quiet.test(type)) return "none";
  const rolls = type === "aws:eks/nodeGroup:NodeGroup" || workloads.test(type);
  return rolls && !deleteFirst ? "rolling" : "replace";
}

/** Somebody looked at what a change of this type does. */
export function isKnown(type: string): boolean {
  return Object.hasOwn(replaceRules, type) || Object.hasOwn(inPlace, type) || isFree(type);
}

function worst(all: readonly Downtime[]): Downtime {
  return (["replace", "restart", "rolling"] as const).find((each) => all.includes(each)) ?? "none";
}
