import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { format } from "prettier";
import { amount, rounded, sum, zero, type Amount } from "../cost/money.ts";
import { tables } from "../cost/prices/table.ts";
import { gigabytes } from "../infra/core/units.ts";
import { topologies } from "../infra/config/keys/pro.ts";
import type { HostPlan } from "../infra/hosts/pro-topology.ts";
import { proPlanOf } from "../infra/hosts/testing.ts";

/** File that holds the tables of hosts between its two markers. */
export const hostDocs = "docs/pro.md";

const start = "<!-- hosts:start -->";
const end = "<!-- hosts:end -->";

/** The document with the hosts of each topology as they must be now. Throws when the markers are gone. */
export async function withHostTables(document: string): Promise<string> {
  const [before, rest] = document.split(start);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) throw new Error(`${hostDocs} needs ${start} and ${end}`);
  const shown = topologies.flatMap((topology) => tableOf(topology, proPlanOf({ topology }).cluster.hosts));
  const note = `Prices are those of new orders in the EU, from the card's table of ${tables.hetzner.date}, with an IPv4 address, without VAT, copies of the disks (\`serverBackups\`, 20 %) and object storage.`;
  return await format(`${before}${start}\n\n${shown.join("\n")}\n${note}\n\n${end}${after}`, {
    parser: "markdown",
    printWidth: 130,
  });
}

function tableOf(topology: string, hosts: readonly HostPlan[]): string[] {
  const groups = [...new Set(hosts.map(({ group }) => group))].map((name) => hosts.filter(({ group }) => group === name));
  const [cheapest, dearest] = [total(hosts, ([first]) => first), total(hosts, (types) => types.at(-1) ?? types[0])];
  return [
    `### ${topology}`,
    "",
    "| hosts | what they do | server types, in this order | each, net a month |",
    "| --- | --- | --- | --- |",
    ...groups.map(rowOf),
    "",
    `Together with the balancer (lb11) and the disks, net a month: **${cheapest}** with the first type of each list, ${dearest} with the last of each.`,
    "",
  ];
}

function rowOf(group: readonly HostPlan[]): string {
  const names = group.map(({ name }) => `\`${name}\``).join(", ");
  const [{ roles, types, data } = { roles: [], types: [], data: null }] = group;
  const prices = types.map((type) => euros(monthlyOf(type))).join(", ");
  return `| ${names} | ${roles.join(", ")}${data === null ? "" : `; a disk of ${data}`} | ${types.join(", ")} | ${prices} |`;
}

function total(hosts: readonly HostPlan[], pick: (types: HostPlan["types"]) => HostPlan["types"][number]): string {
  const servers = hosts.map(({ types }) => monthlyOf(pick(types)));
  const disks = hosts.map(({ data }) => (data === null ? zero : priceOf("volume").times(gigabytes(data))));
  return euros(sum([...servers, ...disks, priceOf("load balancer lb11")]));
}

/** Net price of a server's month with its IPv4 address, without disk and copies. */
export function monthlyOf(type: HostPlan["types"][number]): Amount {
  return priceOf(`server ${type}`).plus(priceOf("primary IPv4"));
}

/** The list price of an order made when the table was read. Throws for what it does not know. */
function priceOf(item: string): Amount {
  const { date, find } = tables.hetzner;
  const price = amount(find(item, "nbg1", date)?.price);
  if (price === null) throw new Error(`cost/prices/hetzner.json: got no price of ${item}; ${hostDocs} needs it`);
  return price;
}

function euros(price: Amount): string {
  return `${rounded(price)} EUR`;
}

if (process.argv[1] === import.meta.filename) {
  const path = join(import.meta.dirname, "..", hostDocs);
  await writeFile(path, await withHostTables(await readFile(path, "utf8")));
}
