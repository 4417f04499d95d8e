import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { openCloud } from "../../tests/simulator/plugin.ts";
import { SimulatedAwsApi } from "../../tests/simulator/testing/aws-api.ts";
import { SimulatedCloudflareApi } from "../../tests/simulator/testing/cloudflare-api.ts";
import { askAws } from "./ask-aws.ts";
import { idAtCloudflare } from "./pending-cloudflare.ts";

/** The questions as they go over HTTP, to simulated clouds. */
let folder: string;
const { signal } = new AbortController();
const thing = (type: string, id: string, inputs: Record<string, string>) => ({
  ...{ type, id, name: id, inputs, outputs: inputs, ready: true },
});

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fidus-ask-"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

test("AWS is asked for the association of a subnet with its route table, in the region of the stack", async () => {
  const cloud = openCloud("aws", folder);
  const type = "aws:ec2/routeTableAssociation:RouteTableAssociation";
  cloud.store.put(thing(type, "rtbassoc-1", { routeTableId: "rtb-1", subnetId: "subnet-1" }));
  cloud.store.put(thing(type, "rtbassoc-2", { routeTableId: "rtb-2", subnetId: "subnet-2" }));
  await using api = await SimulatedAwsApi.start(cloud);
  for (const [name, value] of Object.entries(api.env)) vi.stubEnv(name, value);
  const { association } = askAws(signal);
  expect(await association("eu-west-1", "rtb-1", "subnet-1")).toBe("rtbassoc-1");
  expect(await association("eu-west-1", "rtb-1", "subnet-2")).toBeNull();
  expect(await association("eu-west-1", "rtb-3", "subnet-1")).toBeNull();
});

test("AWS away or without the right: the message names the right and the command", async () => {
  vi.stubEnv("AWS_ENDPOINT_URL_EC2", "http://127.0.0.1:9");
  vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIDOFATEST");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "secret-key-of-a-test");
  vi.stubEnv("AWS_MAX_ATTEMPTS", "1");
  await expect(askAws(signal).association("eu-west-1", "rtb-1", "subnet-1")).rejects.toMatchObject({
    code: "aws-away",
    fix: expect.stringContaining("ec2:DescribeRouteTables"),
  });
});

test("Cloudflare is asked for the record of a name whose value and comment are the stack's own", async () => {
  const zoneId = "0123456789abcdef0123456789abcdef";
  const record = { zoneId, name: "assistant.fidus.test", type: "A", content: "198.18.0.1", comment: "fidus-a1b2c3-shop" };
  const cloud = openCloud("cloudflare", folder);
  const type = "cloudflare:index/dnsRecord:DnsRecord";
  cloud.store.put(thing(type, "theirs", { ...record, comment: "by hand" }));
  cloud.store.put(thing(type, "ours", record));
  await using api = await SimulatedCloudflareApi.start(cloud);
  const ask = (inputs: Record<string, string>): Promise<string | null> =>
    idAtCloudflare({ env: { CLOUDFLARE_BASE_URL: api.endpoint }, signal }, { urn: "", type, inputs }, "c".repeat(40));
  expect(await ask(record)).toBe("ours");
  expect(await ask({ ...record, content: "198.18.0.2" })).toBeNull();
  expect(await ask({ ...record, type: "AAAA" })).toBeNull();
});
