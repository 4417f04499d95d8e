/** What people look for and Fidus does not have, by the beginning of the key they try, each with the reason. */
const declined: Readonly<Record<string, string>> = {
  neo4j: "no Neo4j: Debian has no package of it, and Fidus starts no image that it cannot test; run it yourself beside Fidus",
  qdrant: "no Qdrant: Debian has no package of it; vectors are kept in PostgreSQL with pgvector",
};

/** Why there is no such key on purpose; null for one that is merely unknown. */
export function declinedReason(key: string): string | null {
  const found = Object.entries(declined).find(([name]) => key.toLowerCase().startsWith(name));
  return found === undefined ? null : found[1];
}
