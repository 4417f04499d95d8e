/** Bytes that are looked at together: a search in many small pieces takes longer. */
const windowBytes = 4_000_000;

/** Names of those whose text occurs in the stream, which is never held as a whole; sorted. */
export async function holds(
  stream: AsyncIterable<Uint8Array>,
  wanted: ReadonlyMap<string, readonly string[]>,
): Promise<string[]> {
  const longest = Math.max(0, ...[...wanted.values()].flat().map((text) => Buffer.byteLength(text)));
  const found = new Set<string>();
  let parts: Uint8Array[] = [];
  let size = 0;
  const search = (): void => {
    const bytes = Buffer.concat(parts);
    for (const [name, texts] of wanted) if (texts.some((text) => bytes.includes(text))) found.add(name);
    // What begins in this window may end in the next.
    parts = [bytes.subarray(Math.max(0, bytes.length - longest))];
    size = 0;
  };
  for await (const part of stream) {
    parts.push(part);
    size += part.length;
    if (size >= windowBytes) search();
  }
  search();
  return [...found].sort();
}
