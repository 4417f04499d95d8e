/**
 * The engine's property values as they travel: JSON with marked objects for secrets, outputs, assets and archives.
 * Source: pulumi sdk, proto/pulumi/provider.proto and runtime/rpc (signature keys).
 */

/** A value as the wire has it. */
export type Wire = null | boolean | number | string | Wire[] | { [key: string]: Wire };
/** Named values, as the wire has them. */
export type WireMap = Record<string, Wire>;

/** Stands for a value that is only known after the deployment. */
export const unknownSentinel = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const signatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";
const assetSignature = "c44067f5952c0a294b673a41bacd8c17";
const archiveSignature = "0def7320c3a5731c473e5ecbe6d01bc7";
const resourceSignature = "5cf8f73096256a8f31e491e813e4eb8e";
const outputSignature = "d0e6a833031e9bbcd3f4e8bde6ca49a4";

function signatureOf(value: Wire): Wire | undefined {
  return value !== null && typeof value === "object" && !Array.isArray(value) ? value[signatureKey] : undefined;
}

/** Marks a value secret: the engine encrypts it in the state and hides it in its display. */
export function secret(value: Wire): Wire {
  return signatureOf(value) === secretSignature ? value : { [signatureKey]: secretSignature, value };
}

/** A file on disk as an asset; `hash` is the SHA-256 of its bytes in hex. */
export function fileAsset(path: string, hash: string): Wire {
  return { [signatureKey]: assetSignature, path, hash };
}

/** Named assets as one archive. */
export function assetArchive(assets: WireMap, hash: string): Wire {
  return { [signatureKey]: archiveSignature, assets, hash };
}

/** Whether the value is an asset or an archive, once its secrets are taken off. */
export function isAsset(value: Wire): boolean {
  return signatureOf(value) === assetSignature;
}
export function isArchive(value: Wire): boolean {
  return signatureOf(value) === archiveSignature;
}

/** The value without secret and output marks; an unknown output becomes the unknown sentinel, a resource its id. */
export function plain(value: Wire): Wire {
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== "object") return value;
  switch (value[signatureKey]) {
    case secretSignature:
      return plain(value["value"] ?? null);
    case outputSignature:
      return "value" in value ? plain(value["value"]) : unknownSentinel;
    case resourceSignature:
      return plain(value["id"] ?? value["urn"] ?? null);
    default:
      return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, plain(child)]));
  }
}

/** Whether any part of the value is not yet known. */
export function hasUnknown(value: Wire): boolean {
  const bare = plain(value);
  if (bare === unknownSentinel) return true;
  if (Array.isArray(bare)) return bare.some(hasUnknown);
  return bare !== null && typeof bare === "object" && Object.values(bare).some(hasUnknown);
}

/** Every string that stands inside a secret part of the value. */
export function secretStrings(value: Wire, inSecret = false): string[] {
  if (typeof value === "string") return inSecret ? [value] : [];
  if (value === null || typeof value !== "object") return [];
  if (Array.isArray(value)) return value.flatMap((child) => secretStrings(child, inSecret));
  const signature = value[signatureKey];
  const marked = inSecret || signature === secretSignature || (signature === outputSignature && value["secret"] === true);
  return Object.entries(value)
    .filter(([key]) => key !== signatureKey)
    .flatMap(([, child]) => secretStrings(child, marked));
}

/** Equality of content: secret marks do not matter, assets and archives are equal when their hashes are. */
export function sameValue(a: Wire | undefined, b: Wire | undefined): boolean {
  return samePlain(a === undefined ? null : plain(a), b === undefined ? null : plain(b));
}

function samePlain(a: Wire, b: Wire): boolean {
  if (a === b) return true;
  if (a === null || b === null || typeof a !== "object" || typeof b !== "object") return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((child, i) => samePlain(child, b[i] ?? null));
  }
  const signature = signatureOf(a);
  if (signature !== undefined && signature === signatureOf(b) && a["hash"] && b["hash"]) return a["hash"] === b["hash"];
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) => samePlain(a[key] ?? null, b[key] ?? null));
}
