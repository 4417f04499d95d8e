import { isJsonText, mapJson } from "./json-strings.ts";
import { jsonEscaped, type Placeholders } from "./placeholders.ts";

/** Restores every string of a JSON text: a whole answer, or an error. Inside a string that is JSON itself values are escaped. */
export function restoreJson(json: string, placeholders: Placeholders): string {
  if (placeholders.size === 0) return json;
  return mapJson(json, {
    string: (value, key) => {
      if (!value.includes("[")) return value;
      if (isJsonText(value)) return restoreJson(value, placeholders);
      return placeholders.restore(value, key === "arguments" ? jsonEscaped : undefined);
    },
  });
}
