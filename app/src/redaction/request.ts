import { isJsonText, mapJson } from "./json-strings.ts";
import { Placeholders } from "./placeholders.ts";

/** Members whose values are words of the protocol or ids, which a service checks; what cannot be one of those is redacted there too. */
const protocol = new Set(["type", "role", "object", "model", "id", "call_id", "tool_call_id", "encrypted_content", "include"]);
const protocolWord = /^[\w.:/=+-]*$/;
/** Members that hold a file without saying what it is. */
const files = new Set(["data", "file_data"]);
const base64 = /^[\w+/=-]{256,}$/;
/** JSON within JSON within JSON: deeper than that it is text. */
const deepest = 3;
/** A shorter number says nothing about a person. */
const shortestNumber = 9;

/** A request as it may leave the house. */
export interface Redacted {
  readonly body: Buffer;
  /** To restore the answer with. */
  readonly placeholders: Placeholders;
}

/** Puts placeholders for personal data into every text of a request, arguments and results of tools included. */
export function redactRequest(raw: Buffer): Redacted {
  const json = raw.toString("utf8");
  const placeholders = new Placeholders();
  mapJson(json, {
    string: (value) => {
      placeholders.avoid(value);
      return value;
    },
  });
  const body = redactJson(json, placeholders, 0);
  return { body: body === json ? raw : Buffer.from(body), placeholders };
}

function redactJson(json: string, placeholders: Placeholders, depth: number): string {
  const inside = depth > 0;
  return mapJson(json, {
    string: (value, key) => {
      if (!inside && key !== null && protocol.has(key) && protocolWord.test(value)) return value;
      if (isData(value) || (key !== null && files.has(key) && base64.test(value))) return value;
      if (depth < deepest && isJsonText(value)) return redactJson(value, placeholders, depth + 1);
      return placeholders.redact(value);
    },
    // Arguments and results of tools write cards and phones as numbers too.
    ...(inside && {
      number: (text) => {
        if (text.length < shortestNumber) return null;
        const redacted = placeholders.redact(text);
        return redacted === text ? null : redacted;
      },
    }),
  });
}

const dataUrl = /^data:[\w.+/-]{0,100}(?:;[\w=.-]{1,100}){0,4};base64,[\w+/=-]*$/;

/** A file as a data URL: there is no text in it to look at. */
function isData(value: string): boolean {
  return value.startsWith("data:") && dataUrl.test(value);
}

const mediaTypes = /^(?:input_)?(?:image|audio|file|video|document)(?:_url)?$/;

/** True: the request holds what no detector reads: pictures, sound, files, or a prompt in tokens. */
export function holdsUnreadable(body: Readonly<Record<string, unknown>>): boolean {
  const { prompt, input } = body;
  if ([prompt, input].some((value) => Array.isArray(value) && value.flat().some((one) => typeof one === "number"))) return true;
  const open: unknown[] = [body["messages"], prompt, input];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value === "string" && isData(value)) return true;
    if (typeof value !== "object" || value === null) continue;
    const { type } = value as { type?: unknown };
    if (typeof type === "string" && mediaTypes.test(type)) return true;
    for (const inner of Object.values(value)) open.push(inner);
  }
  return false;
}
