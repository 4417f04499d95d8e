import type { Location } from "../config/keys/hosts.ts";
import type { topologies } from "../config/keys/pro.ts";
import { nthAddress } from "../core/cidr.ts";
import { isSoldIn, type ServerTypeName } from "../core/server-types.ts";
import type { Size } from "../core/units.ts";

export type Topology = (typeof topologies)[number];

/** What a host of the cluster can be asked to do. */
export type Role = "traefik" | "api" | "web" | "worker" | "etcd" | "sentinel" | "redis" | "postgres" | "llm" | "monitoring";

/** A server's types in order of preference, cheapest first, of either processor. */
type Offer = Readonly<Record<"x86" | "arm", readonly [ServerTypeName, ...ServerTypeName[]]>>;

/** The last of each x86 list is dedicated: sold in every location, and out of stock least often. */
const sizes = {
  /** 8 cores and 32 GB; small: 16 GB. */
  large: {
    standard: { x86: ["cx53", "cpx62", "ccx33"], arm: ["cax41"] },
    small: { x86: ["cx43", "cpx42", "ccx23"], arm: ["cax31"] },
  },
  /** 8 cores and 16 GB; small: 4 cores and 8 GB. */
  medium: {
    standard: { x86: ["cx43", "cpx42", "ccx33"], arm: ["cax31"] },
    small: { x86: ["cx33", "cpx32", "ccx23"], arm: ["cax21"] },
  },
  tiny: {
    standard: { x86: ["cx33", "cpx32", "ccx13"], arm: ["cax21"] },
    small: { x86: ["cx23", "cpx22", "ccx13"], arm: ["cax11"] },
  },
} as const satisfies Record<string, Record<"standard" | "small", Offer>>;

/** Hosts that are alike: `app-1`, `app-2`, …; one alone has no number. */
interface HostGroup {
  readonly name: string;
  /** How many, or the key that says it. */
  readonly hosts: number | "appHosts" | "databaseHosts";
  readonly roles: readonly Role[];
  /** What only the first three do: votes are of an odd number, and more of them make every one slower. @default nothing */
  readonly rolesOfThree?: readonly Role[];
  readonly size: keyof typeof sizes;
  /** Key whose list of types takes the place of the size's. */
  readonly typesKey: "appServerTypes" | "databaseServerTypes" | "llmServerTypes" | "monitoringServerTypes";
  /** The first host's place in the private network; the others follow. Behind it there are ten places, or more, of its own. */
  readonly place: number;
}

const application = ["traefik", "api", "web", "worker"] as const;
const votes = ["etcd", "sentinel", "redis"] as const;
const llm = { name: "llm", hosts: 1, roles: ["llm"], size: "large", typesKey: "llmServerTypes", place: 41 } as const;
const monitoring = {
  name: "monitoring",
  hosts: 1,
  roles: ["monitoring"],
  size: "tiny",
  typesKey: "monitoringServerTypes",
  place: 51,
} as const;

/**
 * Who runs where: everything that is built for pro follows from this table. In both shapes any one host may be lost
 * (survival.ts). The names differ so that a stack cannot slip from one shape into the other.
 */
const table: Readonly<Record<Topology, readonly HostGroup[]>> = {
  standard: [
    {
      name: "app",
      hosts: "appHosts",
      roles: application,
      rolesOfThree: votes,
      size: "medium",
      typesKey: "appServerTypes",
      place: 11,
    },
    {
      name: "database",
      hosts: "databaseHosts",
      roles: ["postgres"],
      size: "large",
      typesKey: "databaseServerTypes",
      place: 31,
    },
    llm,
    monitoring,
  ],
  compact: [
    {
      name: "node",
      hosts: 3,
      roles: [...application, ...votes, "postgres"],
      size: "large",
      typesKey: "appServerTypes",
      place: 11,
    },
    llm,
    monitoring,
  ],
};

/** The balancer's place in the private network. */
const balancerPlace = 5;

/** One server of the cluster. */
export interface HostPlan {
  readonly name: string;
  /** Hosts that are alike, and kept on different machines of Hetzner's. */
  readonly group: string;
  readonly roles: readonly Role[];
  /** Server types in order of preference. */
  readonly types: readonly [ServerTypeName, ...ServerTypeName[]];
  /** Configuration key of that list, for messages. */
  readonly typesKey: HostGroup["typesKey"];
  readonly location: Location;
  /** Its address in the private network. */
  readonly privateIp: string;
  /** Disk for the database; null where there is none. */
  readonly data: Size | null;
}

/** What the table leaves open. */
export interface TopologyChoice extends Readonly<Record<HostGroup["typesKey"], readonly ServerTypeName[] | null>> {
  readonly topology: Topology;
  readonly appHosts: number;
  readonly databaseHosts: number;
  readonly serverSize: "standard" | "small";
  readonly imageArchitectures: readonly ("x86" | "arm")[];
  readonly location: Location;
  readonly networkRange: string;
  readonly databaseSize: Size;
  /** Whether a host of the cluster runs the model. */
  readonly ownModel: boolean;
}

/** Every host of the cluster in the order of the table. */
export function hostsOf(choice: TopologyChoice): HostPlan[] {
  const groups = table[choice.topology].filter(({ roles }) => choice.ownModel || !roles.includes("llm"));
  return groups.flatMap((group) => {
    const { hosts } = group;
    const count = typeof hosts === "number" ? hosts : choice[hosts];
    return Array.from({ length: count }, (_, index) => hostOf(group, index, count === 1 ? "" : `-${index + 1}`, choice));
  });
}

function hostOf(group: HostGroup, index: number, suffix: string, choice: TopologyChoice): HostPlan {
  const { name, typesKey, place } = group;
  const { location, networkRange, databaseSize } = choice;
  const roles = [...group.roles, ...(index < 3 ? (group.rolesOfThree ?? []) : [])];
  return {
    name: `${name}${suffix}`,
    group: name,
    roles,
    types: typesOf(group, roles, choice),
    typesKey,
    location,
    privateIp: nthAddress(networkRange, place + index),
    data: roles.includes("postgres") ? databaseSize : null,
  };
}

/** The operator's own list, else that of the size: what images exist for and the location sells. */
function typesOf({ size, typesKey }: HostGroup, roles: readonly Role[], choice: TopologyChoice): HostPlan["types"] {
  const { serverSize, imageArchitectures, location } = choice;
  const offers = imageArchitectures
    .map((architecture) => sizes[size][serverSize][architecture].filter((type) => isSoldIn(type, location)))
    .filter((types) => types.length > 0);
  // A standby is a copy of the primary's files: both need the same processor.
  const offered: readonly ServerTypeName[] = (roles.includes("postgres") ? offers.slice(0, 1) : offers).flat();
  const [first = sizes[size][serverSize].x86[0], ...others] = choice[typesKey] ?? offered;
  return [first, ...others];
}

/** The balancer's address in the private network. */
export function balancerIp(networkRange: string): string {
  return nthAddress(networkRange, balancerPlace);
}
