/** Where the value of a member stands in the bytes. */
interface Span {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const colon = 0x3a;
const opening = new Set([0x7b, 0x5b]);
const closing = new Set([0x7d, 0x5d]);

/**
 * Sets members of a JSON object and leaves every other byte as it came: numbers too large for JavaScript, key order, spaces.
 * A member that is there gets the new value (each time it is there); one that is not is put in front.
 * @param json the bytes of a valid JSON object
 * @param members name → value as JSON text
 */
export function setMembers(json: Buffer, members: Readonly<Record<string, string>>): Buffer {
  const names = Object.keys(members);
  if (names.length === 0) return json;
  const parts: Buffer[] = [];
  const spans = topLevel(json);
  const absent = names.filter((name) => !spans.some((span) => span.name === name));
  const front = json.indexOf("{") + 1;
  const inserted = absent.map((name) => `${JSON.stringify(name)}:${members[name]}`).join(",");
  parts.push(json.subarray(0, front), Buffer.from(inserted));
  if (absent.length > 0 && spans.length > 0) parts.push(Buffer.from(","));
  let from = front;
  for (const { name, start, end } of spans) {
    const value = Object.hasOwn(members, name) ? members[name] : undefined;
    if (value === undefined) continue;
    parts.push(json.subarray(from, start), Buffer.from(value));
    from = end;
  }
  parts.push(json.subarray(from));
  return Buffer.concat(parts);
}

/** Members of the outermost object, in order. The JSON is known to be valid. */
function topLevel(json: Buffer): Span[] {
  const spans: Span[] = [];
  let at = json.indexOf("{") + 1;
  for (;;) {
    const nameStart = json.indexOf(quote, at);
    // What follows the last member is `}` and spaces.
    if (nameStart === -1) return spans;
    const nameEnd = endOfString(json, nameStart);
    const name = JSON.parse(json.toString("utf8", nameStart, nameEnd)) as string;
    const start = json.indexOf(colon, nameEnd) + 1;
    const end = endOfValue(json, start);
    const text = json.toString("latin1", start, Math.min(start + 16, end));
    spans.push({ name, start: start + (text.length - text.trimStart().length), end });
    if (json[end] !== comma) return spans;
    at = end + 1;
  }
}

/** The place behind the string that begins at `start`. */
function endOfString(json: Buffer, start: number): number {
  for (let at = json.indexOf(quote, start + 1); ; at = json.indexOf(quote, at + 1)) {
    let escapes = 0;
    while (json[at - 1 - escapes] === backslash) escapes++;
    if (escapes % 2 === 0) return at + 1;
  }
}

/** The place of the comma or brace that ends the value. */
function endOfValue(json: Buffer, start: number): number {
  let depth = 0;
  for (let at = start; at < json.length; at++) {
    const byte = json[at] ?? 0;
    if (byte === quote) at = endOfString(json, at) - 1;
    else if (opening.has(byte)) depth++;
    else if (closing.has(byte) && depth-- === 0) return at;
    else if (byte === comma && depth === 0) return at;
  }
  return json.length;
}
