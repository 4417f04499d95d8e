import { expect, test } from "vitest";
import { inboundRules } from "./firewall.ts";

test("only the public ports are open to everybody, in both address families, and SSH to administrators alone [X-07]", () => {
  const rules = inboundRules(["203.0.113.0/24", "2001:db8::/48"], [80, 443]);
  expect(rules.map(({ protocol, port, sourceIps }) => [protocol, port, sourceIps])).toEqual([
    ["tcp", "22", ["203.0.113.0/24", "2001:db8::/48"]],
    ["tcp", "80", ["0.0.0.0/0", "::/0"]],
    ["tcp", "443", ["0.0.0.0/0", "::/0"]],
    ["icmp", undefined, ["0.0.0.0/0", "::/0"]],
  ]);
});

test("a host without public ports lets in administrators only", () => {
  expect(inboundRules(["203.0.113.0/24"], []).flatMap(({ port }) => port ?? [])).toEqual(["22"]);
});
