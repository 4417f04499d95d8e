import { problemUnless, type Problem } from "../../core/errors.ts";
import { isSoldIn, serverTypes, type ServerTypeName } from "../../core/server-types.ts";
import { ownRuntime } from "../own-runtime.ts";
import type { ConfigOf } from "../types.ts";
import { architectureProblems, locationProblems, onHosts } from "./hosts.ts";
import { rule, unwanted, type Rule } from "./rule.ts";

type Pro = ConfigOf<"pro">;

const proOnly: readonly Rule<Pro>[] = [
  rule(["certificate"], ({ certificate }) =>
    problemUnless(certificate !== "acme", {
      path: "certificate",
      got: certificate,
      rule: "another kind with several app hosts: the balancer would carry the proof over HTTP to a host that did not ask for it",
      fix: "pulumi config set certificate acme-dns",
    }),
  ),
  rule(["backupEndpoint", "location"], ({ backupEndpoint, location }) =>
    problemUnless(!new URL(backupEndpoint).hostname.startsWith(`${location}.`), {
      path: "backupEndpoint",
      got: backupEndpoint,
      rule: `another location than the servers' (${location}), so that one fire does not take both`,
      fix: `pulumi config set backupEndpoint https://${location === "hel1" ? "nbg1" : "hel1"}.your-objectstorage.com`,
    }),
  ),
  ...(["appServerTypes", "databaseServerTypes", "llmServerTypes", "monitoringServerTypes"] as const).flatMap((path) => [
    rule<Pro, typeof path | "imageArchitectures">([path, "imageArchitectures"], (config) =>
      architectureProblems(path, config[path], config.imageArchitectures),
    ),
    rule<Pro, typeof path | "location">([path, "location"], (config) => locationProblems(path, config[path], config.location)),
  ]),
  rule(["location", "imageArchitectures"], ({ location, imageArchitectures }) =>
    problemUnless(imageArchitectures.includes("x86") || isSoldIn("cax31", location), {
      path: "imageArchitectures",
      got: imageArchitectures.join(","),
      rule: `x86 in location ${location}, where Hetzner sells no ARM servers`,
      fix: "pulumi config set imageArchitectures x86",
    }),
  ),
  rule(["topology", "appServerTypes", "databaseServerTypes"], ({ topology, appServerTypes, databaseServerTypes }) =>
    topology === "compact"
      ? sameArchitectureProblems("appServerTypes", appServerTypes)
      : sameArchitectureProblems("databaseServerTypes", databaseServerTypes),
  ),
  rule(["topology", "appHosts", "databaseHosts", "databaseServerTypes"], (config) =>
    config.topology === "standard"
      ? []
      : [
          ...onlyInStandard("appHosts", config.appHosts, 3),
          ...onlyInStandard("databaseHosts", config.databaseHosts, 2),
          ...unwanted(
            "databaseServerTypes",
            config.databaseServerTypes?.join(",") ?? null,
            "topology compact has no database hosts, its nodes have appServerTypes",
          ),
        ],
  ),
  rule(["llmRuntime", "llmBaseUrl", "llmServerTypes"], ({ llmRuntime, llmBaseUrl, llmServerTypes }) =>
    ownRuntime(llmRuntime, llmBaseUrl).model
      ? []
      : unwanted("llmServerTypes", llmServerTypes?.join(",") ?? null, `${llmRuntime} runs on no server of this stack`),
  ),
];

/** A standby is a copy of the primary's files, which only the same processor can read for sure. */
function sameArchitectureProblems(path: string, types: readonly ServerTypeName[] | null): Problem[] {
  const [first] = types ?? [];
  const same = (types ?? []).filter((name) => first && serverTypes[name].architecture === serverTypes[first].architecture);
  return problemUnless(same.length === (types ?? []).length, {
    path,
    got: types?.join(","),
    rule: "server types of one architecture: PostgreSQL's standbys are copies of the primary's files",
    fix: `pulumi config set ${path} ${same.join(",")}`,
  });
}

function onlyInStandard(path: string, value: number, standard: number): Problem[] {
  return problemUnless(value === standard, {
    path,
    got: value,
    rule: "topology standard: compact has three nodes that do everything",
    fix: `pulumi config rm ${path}`,
  });
}

export const proRules: readonly Rule<Pro>[] = [...onHosts, ...proOnly];
