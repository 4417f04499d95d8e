import { isJsonText, mapJson } from "./json-strings.ts";
import { isData } from "./unreadable.ts";
import { Wording } from "./wording.ts";

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
export interface RedactedRequest {
  readonly body: Buffer;
  /** The words that stand in it, with their values. */
  readonly words: readonly (readonly [word: string, value: string])[];
}

/** Puts placeholders for personal data into every text of a request, arguments and results of tools included. */
export function redactRequest(raw: Buffer): RedactedRequest {
  const json = raw.toString("utf8");
  const wording = new Wording();
  mapJson(json, {
    string: (value) => {
      wording.avoid(value);
      return value;
    },
  });
  const body = redactJson(json, wording, 0);
  return { body: body === json ? raw : Buffer.from(body), words: wording.words };
}

function redactJson(json: string, wording: Wording, depth: number): string {
  const inside = depth > 0;
  return mapJson(json, {
    string: (value, key) => {
      if (!inside && key !== null && protocol.has(key) && protocolWord.test(value)) return value;
      if (isData(value) || (key !== null && files.has(key) && base64.test(value))) return value;
      if (depth < deepest && isJsonText(value)) return redactJson(value, wording, depth + 1);
      return wording.redact(value);
    },
    // Arguments and results of tools write cards and phones as numbers too.
    ...(inside && {
      number: (text) => {
        if (text.length < shortestNumber) return null;
        const redacted = wording.redact(text);
        return redacted === text ? null : redacted;
      },
    }),
  });
}
