import ipaddr from "ipaddr.js";

type Range = ReturnType<typeof ipaddr.parseCIDR>;

/** Whether the text is a network, `203.0.113.0/24` or `2001:db8::/32`: its host bits are zero, as the clouds keep it. */
export function isCidr(text: string): boolean {
  const range = parse(text);
  if (range === null) return false;
  const [address, bits] = range;
  const network = address.kind() === "ipv4" ? ipaddr.IPv4.networkAddressFromCIDR(text) : ipaddr.IPv6.networkAddressFromCIDR(text);
  return text === `${network.toString()}/${bits}`;
}

/** Leading bits that all addresses of the network share. NaN when the text is no network. */
export function prefixLength(cidr: string): number {
  return parse(cidr)?.[1] ?? Number.NaN;
}

/** Whether the network is the whole internet or a large part of it: two halves are as open as the whole. Private ones are not. */
export function isWide(cidr: string): boolean {
  if (!cidr.includes(":")) return prefixLength(cidr) < 8;
  return prefixLength(cidr) < 16 && !(overlap("fc00::/7", cidr) && prefixLength(cidr) >= 7);
}

/** Whether the network lies in the address space kept for private use. Source: RFC 1918. */
export function isPrivate(cidr: string): boolean {
  return ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"].some(
    (space) => overlap(space, cidr) && prefixLength(cidr) >= prefixLength(space),
  );
}

/** Whether two networks share an address. */
export function overlap(one: string, other: string): boolean {
  const [a, b] = [parse(one), parse(other)];
  if (a === null || b === null || a[0].kind() !== b[0].kind()) return false;
  const bits = Math.min(a[1], b[1]);
  return a[0].match(b[0] as never, bits);
}

/** The n-th address of an IPv4 network: of 10.20.0.0/16 the 10th is 10.20.0.10. */
export function nthAddress(cidr: string, n: number): string {
  const [first] = cidr.split("/");
  const bytes = ipaddr.IPv4.parse(first ?? "").toByteArray();
  const sum = bytes.reduce((value, byte) => value * 256 + byte, 0) + n;
  return [24, 16, 8, 0].map((shift) => Math.floor(sum / 2 ** shift) % 256).join(".");
}

function parse(text: string): Range | null {
  try {
    return ipaddr.parseCIDR(text);
  } catch {
    return null;
  }
}
