import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { extractPackage } from "./extract.ts";
import { schemaText } from "./text.ts";
import { packageNames } from "./wanted.ts";

for (const name of packageNames) {
  test(`the committed schema of ${name} says what the installed SDK says: npm run simulator:schema`, { timeout: 60_000 }, () => {
    expect(readFileSync(join(import.meta.dirname, `${name}.json`), "utf8")).toBe(schemaText(name));
  });
}

test("a type is extracted with required inputs, nested fields, computed outputs and secrets", () => {
  const { resources } = extractPackage("hcloud", {
    resources: ["hcloud:index/volume:Volume", "hcloud:index/firewall:Firewall", "hcloud:index/storageBox:StorageBox"],
    functions: [],
  });
  expect(resources["hcloud:index/volume:Volume"]).toEqual({
    inputs: {
      fields: {
        automount: "boolean",
        deleteProtection: "boolean",
        format: "string",
        labels: { map: "string" },
        location: "string",
        name: "string",
        serverId: "number",
        size: "number",
      },
      required: ["size"],
    },
    computed: { linuxDevice: "string" },
    secrets: [],
  });
  expect(resources["hcloud:index/firewall:Firewall"]?.inputs.fields["rules"]).toEqual({
    list: {
      fields: {
        description: "string",
        destinationIps: { list: "string" },
        direction: "string",
        port: "string",
        protocol: "string",
        sourceIps: { list: "string" },
      },
      required: ["direction", "protocol"],
    },
  });
  expect(resources["hcloud:index/storageBox:StorageBox"]?.secrets).toEqual(["password"]);
});

test("a type that the SDK does not have is refused by its file", () => {
  expect(() => extractPackage("hcloud", { resources: ["hcloud:index/toaster:Toaster"], functions: [] })).toThrow(
    /toaster\.d\.ts: got no such file; needs a type of the SDK/,
  );
});
