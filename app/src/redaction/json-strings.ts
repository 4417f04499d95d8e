/** What becomes of the values of a JSON text. */
export interface JsonVisit {
  /** A string, decoded; names of members too. `key` is the member it belongs to, through arrays. */
  readonly string: (value: string, key: string | null) => string;
  /** A number as it is written; a string in its place, or null to leave it. Absent: numbers stay. */
  readonly number?: (text: string) => string | null;
}

const number = /-?\d[\d.eE+-]*/y;

/**
 * Changes strings of a JSON text and leaves every other byte as it came: numbers too large for JavaScript, key order, spaces.
 * @param json valid JSON
 */
export function mapJson(json: string, visit: JsonVisit): string {
  const keys: (string | null)[] = [];
  const parts: string[] = [];
  let key: string | null = null;
  let kept = 0;
  const replace = (from: number, to: number, value: string | null): void => {
    if (value === null) return;
    parts.push(json.slice(kept, from), JSON.stringify(value));
    kept = to;
  };
  for (let at = 0; at < json.length;) {
    const char = json[at] ?? "";
    let end = at + 1;
    if (char === "{" || char === "[") keys.push(key);
    else if (char === "}" || char === "]") key = keys.pop() ?? null;
    else if (char === '"') {
      end = endOfString(json, at);
      const value = json.slice(at + 1, end - 1);
      const decoded = value.includes("\\") ? (JSON.parse(json.slice(at, end)) as string) : value;
      const isKey = followedByColon(json, end);
      if (isKey) key = decoded;
      replace(at, end, changed(decoded, visit.string(decoded, isKey ? null : key)));
    } else if (visit.number !== undefined && ((char >= "0" && char <= "9") || char === "-")) {
      number.lastIndex = at;
      const text = number.exec(json)?.[0] ?? char;
      end = at + text.length;
      replace(at, end, visit.number(text));
    }
    at = end;
  }
  return parts.length === 0 ? json : parts.join("") + json.slice(kept);
}

/** The place behind the string that begins at `start`. */
function endOfString(json: string, start: number): number {
  for (let at = json.indexOf('"', start + 1); ; at = json.indexOf('"', at + 1)) {
    let escapes = 0;
    while (json[at - 1 - escapes] === "\\") escapes++;
    if (escapes % 2 === 0) return at + 1;
  }
}

function changed(before: string, after: string): string | null {
  return after === before ? null : after;
}

function followedByColon(json: string, from: number): boolean {
  let at = from;
  while (" \t\r\n".includes(json[at] ?? "x")) at++;
  return json[at] === ":";
}

/** True: the text is a JSON object or list, such as the arguments of a tool. */
export function isJsonText(text: string): boolean {
  if (!/^\s*[{[]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
