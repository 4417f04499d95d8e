import { appKeys } from "./keys/app.ts";
import { commonKeys } from "./keys/common.ts";
import { communityKeys } from "./keys/community.ts";
import { contentKeys } from "./keys/content.ts";
import { domainKeys } from "./keys/domain.ts";
import { enterpriseKeys } from "./keys/enterprise.ts";
import { gatewayKeys } from "./keys/gateway.ts";
import { hostKeys } from "./keys/hosts.ts";
import { observabilityKeys } from "./keys/observability.ts";
import { peopleKeys } from "./keys/people.ts";
import { proKeys } from "./keys/pro.ts";
import type { Edition, EditionSpec, KeySpec } from "./spec.ts";

/** The parts of the table, in the order of docs/configuration.md; no two may hold the same key. */
export const keyParts: readonly Readonly<Record<string, KeySpec>>[] = [
  commonKeys,
  appKeys,
  gatewayKeys,
  contentKeys,
  peopleKeys,
  observabilityKeys,
  communityKeys,
  domainKeys,
  hostKeys,
  proKeys,
  enterpriseKeys,
];

/** Every configuration key of every edition: drives the reader, the documents, the committed stack files and the tests. */
export const keys = {
  ...commonKeys,
  ...appKeys,
  ...gatewayKeys,
  ...contentKeys,
  ...peopleKeys,
  ...observabilityKeys,
  ...communityKeys,
  ...domainKeys,
  ...hostKeys,
  ...proKeys,
  ...enterpriseKeys,
} as const;

export type KeyName = keyof typeof keys;

/** A key as one edition has it. */
export type EditionKey = readonly [name: KeyName, spec: KeySpec];

/** The keys of an edition, each with what the edition says differently about it. */
export function keysOf(edition: Edition): EditionKey[] {
  return (Object.entries(keys) as EditionKey[])
    .filter(([, spec]) => spec.editions.includes(edition))
    .map(([name, spec]) => [name, specIn(spec, edition)]);
}

function specIn(spec: KeySpec, edition: Edition): KeySpec {
  const own: EditionSpec = spec.in?.[edition] ?? {};
  const { default: _none, ...withoutDefault } = spec;
  return own.required === true ? { ...withoutDefault, ...own } : { ...spec, ...own };
}
