import { describe, expect, test } from "vitest";
import { commandResources } from "./command.ts";
import { randomResources } from "./random.ts";
import type { Resource } from "./resource.ts";
import { sdkResource, type SdkResource } from "./testing/sdk.ts";
import { tlsResources } from "./tls.ts";
import { unknownSentinel, type WireMap } from "./values.ts";

/** Oracle of this file: the type definitions and constructors of the published SDKs in node_modules/@pulumi. */
const files = {
  command: ["local/command", "remote/command", "remote/copyToRemote"],
  random: ["Bytes", "Id", "Integer", "Password", "Pet", "Shuffle", "String", "Uuid", "Uuid4", "Uuid7"].map(
    (name) => `random${name}`,
  ),
  tls: ["privateKey", "selfSignedCert", "certRequest", "locallySignedCert"],
} as const;
const served = { command: commandResources, random: randomResources, tls: tlsResources };

const cases = (Object.keys(files) as (keyof typeof files)[]).flatMap((sdk) =>
  files[sdk].map((file): [string, SdkResource, Resource | undefined] => {
    const published = sdkResource(sdk, file);
    return [published.token, published, served[sdk][published.token]];
  }),
);

describe.each(cases)("%s", (_token, published, ours) => {
  test("has the published inputs, the same of them required", () => {
    expect(published.inputs.length).toBeGreaterThan(0);
    expect([...(ours?.inputNames ?? [])].sort()).toEqual(published.inputs);
    // The SDK types its secret-or-write-only keys as optional: exactly one is asked for by a rule of its own.
    expect([...(ours?.requiredInputs ?? [])].sort()).toEqual(published.requiredInputs);
  });

  test("has the published properties", () => {
    const names = new Set([...(ours?.inputNames ?? []), ...Object.keys(ours?.outputs ?? {})]);
    expect([...names].sort()).toEqual(published.properties);
  });

  test("marks the published properties secret", () => {
    const ofOutputs = Object.entries(ours?.outputs ?? {}).filter(([, output]) => output.secret);
    const given = ours?.check(Object.fromEntries(published.inputs.map((name) => [name, unknownSentinel]))).inputs ?? {};
    const ofInputs = Object.entries(given).filter(([, value]) => value !== unknownSentinel);
    expect([...ofOutputs, ...ofInputs].map(([name]) => name).sort()).toEqual(published.secrets);
  });

  test("previews every input and output, unknown ones as unknown", () => {
    const news: WireMap = Object.fromEntries(published.inputs.map((name) => [name, unknownSentinel]));
    const preview = ours?.previewCreate(news) ?? {};
    expect(published.properties.filter((name) => !(name in preview))).toEqual([]);
  });

  test("replaces for what the SDK asks to replace for", () => {
    for (const key of published.replaceOnChanges) {
      expect(ours?.diff({ [key]: [1] }, { [key]: [2] }, {}).changed).toEqual([{ key, kind: "update", replace: true }]);
    }
  });
});

test("serves every resource class of the random and tls SDKs", () => {
  expect(Object.keys({ ...randomResources, ...tlsResources }).sort()).toEqual(
    cases
      .filter(([token]) => !token.startsWith("command:"))
      .map(([token]) => token)
      .sort(),
  );
});
