import { serverTypeNames } from "../../core/server-types.ts";
import type { KeySpec } from "../spec.ts";

/** Shapes of the cluster: who runs where is the committed table of topologies. */
export const topologies = ["standard", "compact"] as const;

const types = {
  type: "choices",
  allowed: serverTypeNames,
  default: null,
  editions: ["pro"],
  effect: "none",
  example: "cx43,cpx42",
} as const;

/** Several servers at Hetzner behind a load balancer. */
export const proKeys = {
  topology: {
    type: "choice",
    allowed: topologies,
    default: "standard",
    editions: ["pro"],
    effect: "refused",
    about: "standard = a server per task; compact = fewer and larger ones. Both survive the loss of any one server.",
  },
  appHosts: {
    type: "integer",
    between: [3, 9],
    default: 3,
    editions: ["pro"],
    effect: "update",
    about: "Servers that run the API, the page and the workers, in topology standard.",
  },
  databaseHosts: {
    type: "integer",
    between: [2, 3],
    default: 2,
    editions: ["pro"],
    effect: "update",
    about: "Database servers in topology standard; with 3 a write needs no single one of the others.",
  },
  databaseSize: {
    type: "size",
    between: ["10 GB", "10 TB"],
    default: "100 GB",
    editions: ["pro"],
    effect: "update",
    about: "Disk of each database server; it grows, never shrinks.",
  },
  appServerTypes: {
    ...types,
    about: "Server types of the app hosts (topology compact: of its nodes) in order of preference, in place of the table's.",
  },
  databaseServerTypes: { ...types, about: "The same for the database hosts, in topology standard." },
  llmServerTypes: { ...types, about: "The same for the host of the embedded runtime." },
  monitoringServerTypes: { ...types, about: "The same for the monitoring host." },
  loadBalancerType: {
    type: "choice",
    allowed: ["lb11", "lb21", "lb31"],
    default: "lb11",
    editions: ["pro"],
    effect: "update",
    about: "Size of the load balancer: connections and included traffic.",
  },
} as const satisfies Record<string, KeySpec>;
