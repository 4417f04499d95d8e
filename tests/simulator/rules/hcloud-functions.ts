import type { Wire, WireMap } from "../../../toolchain/providers/values.ts";
import type { Thing } from "../cloud/store.ts";
import { imageNames, locationNames, soldLocations, soldTypes } from "./hetzner-catalogue.ts";
import type { Asked, FunctionRules } from "./types.ts";
import * as rule from "./values.ts";

const typeNames = Object.keys(soldTypes);
const typeId = (name: string): number => typeNames.indexOf(name) + 1;

/** Asked by one of these, exactly one; the vendor's own rule. */
const byNameOrId = { name: rule.anything, id: rule.wholeNumber(1, Number.MAX_SAFE_INTEGER) };
const isMeant = (args: WireMap, one: WireMap): boolean => args["name"] === one["name"] || args["id"] === one["id"];

function locationOf(name: (typeof locationNames)[number]): WireMap {
  const [id, city, country, networkZone, latitude, longitude] = soldLocations[name];
  return { id, name, city, country, networkZone, latitude, longitude, description: `${city} DC Park 1` };
}

function serverTypeOf(name: string, { soldOut }: Asked): WireMap {
  const sold = soldTypes[name];
  const locations = sold?.locations.map((location) => ({
    id: soldLocations[location as keyof typeof soldLocations][0],
    name: location,
    available: !soldOut.includes(name),
    recommended: true,
    isDeprecated: false,
    deprecationAnnounced: "",
    unavailableAfter: "",
  }));
  return {
    id: typeId(name),
    name,
    description: name.toUpperCase(),
    category: name.startsWith("ccx") ? "general_purpose" : "cost_optimized",
    architecture: sold?.architecture ?? "",
    cores: sold?.cores ?? 0,
    memory: sold?.memory ?? 0,
    disk: sold?.disk ?? 0,
    cpuType: name.startsWith("ccx") ? "dedicated" : "shared",
    storageType: "local",
    includedTraffic: 0,
    isDeprecated: false,
    deprecationAnnounced: "",
    unavailableAfter: "",
    locations: locations ?? [],
  };
}

function datacenterOf(name: (typeof locationNames)[number], { soldOut }: Asked): WireMap {
  const { id, city, country, networkZone } = locationOf(name);
  const supported = typeNames.filter((type) => soldTypes[type]?.locations.includes(name));
  return {
    id: id ?? 0,
    name: `${name}-dc1`,
    description: `${String(city)} 1 virtual DC 1`,
    location: { id: String(id), name, city: city ?? "", country: country ?? "", networkZone: networkZone ?? "" },
    supportedServerTypeIds: supported.map(typeId),
    availableServerTypeIds: supported.filter((type) => !soldOut.includes(type)).map(typeId),
  };
}

/** A list as the provider gives it, with texts of its columns beside. */
function listed(key: string, ids: string, all: readonly WireMap[]): WireMap {
  const column = (name: string): Wire[] => all.map((one) => String(one[name]));
  return { id: key, [key]: [...all], [ids]: column("id"), names: column("name"), descriptions: column("description") };
}

function imageOf(args: WireMap): WireMap | undefined {
  const name = imageNames.find((known) => known === args["name"]);
  if (name === undefined) return undefined;
  const [osFlavor = "", osVersion = ""] = name.split("-");
  return {
    ...args,
    id: imageNames.indexOf(name) + 1,
    architecture: args["withArchitecture"] ?? "x86",
    created: "2026-01-01T00:00:00Z",
    deprecated: "",
    description: name,
    labels: {},
    osFlavor,
    osVersion,
    rapidDeploy: true,
    type: name === "docker-ce" ? "app" : "system",
  };
}

/** Something of ours that exists, by its id or name. */
function existing(type: string, args: WireMap, { store }: Asked): Thing | undefined {
  const things = store.all().filter((thing) => thing.type === type);
  return things.find(({ id, inputs }) => args["name"] === inputs["name"] || String(args["id"]) === id);
}

/** Data sources: what is sold, and what exists by its name. Source: docs.hetzner.cloud and the provider's schema. */
export const hcloudFunctions: Readonly<Record<string, FunctionRules>> = {
  "hcloud:index/getDatacenters:getDatacenters": {
    inputs: {},
    result: (_args, asked) =>
      listed(
        "datacenters",
        "datacenterIds",
        locationNames.map((name) => datacenterOf(name, asked)),
      ),
  },
  "hcloud:index/getImage:getImage": {
    inputs: { name: rule.anything, withArchitecture: rule.oneOf("x86", "arm"), mostRecent: rule.anything },
    result: imageOf,
  },
  "hcloud:index/getLocation:getLocation": {
    inputs: byNameOrId,
    result: (args) => locationNames.map(locationOf).find((one) => isMeant(args, one)),
  },
  "hcloud:index/getLocations:getLocations": {
    inputs: {},
    result: () => listed("locations", "locationIds", locationNames.map(locationOf)),
  },
  "hcloud:index/getNetwork:getNetwork": {
    inputs: byNameOrId,
    result: (args, asked) => {
      const found = existing("hcloud:index/network:Network", args, asked);
      if (found === undefined) return undefined;
      const { name, ipRange, labels, deleteProtection, exposeRoutesToVswitch } = found.outputs;
      return { id: Number(found.id), ...({ name, ipRange, labels, deleteProtection, exposeRoutesToVswitch } as WireMap) };
    },
  },
  "hcloud:index/getServerType:getServerType": {
    inputs: byNameOrId,
    result: (args, asked) => typeNames.map((name) => serverTypeOf(name, asked)).find((one) => isMeant(args, one)),
  },
  "hcloud:index/getServerTypes:getServerTypes": {
    inputs: {},
    result: (_args, asked) => {
      const all = typeNames.map((name) => serverTypeOf(name, asked));
      return listed("serverTypes", "serverTypeIds", all);
    },
  },
  "hcloud:index/getSshKey:getSshKey": {
    inputs: byNameOrId,
    result: (args, asked) => {
      const found = existing("hcloud:index/sshKey:SshKey", args, asked);
      if (found === undefined) return undefined;
      const { name, fingerprint, labels, publicKey } = found.outputs;
      return { id: Number(found.id), ...({ name, fingerprint, labels, publicKey } as WireMap) };
    },
  },
};
