/** What a terminal may obey and what hides or turns text; JSON.stringify itself escapes only the controls below a blank. */
const hidden = /[\p{Control}\p{Default_Ignorable_Code_Point}\u2028\u2029\ufff9-\ufffb]/gu;

/** JSON of a value in one line, in which every such character is written as \uXXXX: the same value to whoever parses it. */
export function plainJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(hidden, (found) =>
    Array.from({ length: found.length }, (_, at) => `\\u${found.charCodeAt(at).toString(16).padStart(4, "0")}`).join(""),
  );
}
