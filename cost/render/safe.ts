/** Longest text that is shown, characters. */
const longest = 400;

/** Control characters, and those that turn the direction of text or hide in it. */
const hidden = /[\p{Control}\p{Default_Ignorable_Code_Point}\u2028\u2029\ufff9-\ufffb]/gu;

/** Text from a plan for a terminal or a log: one line, nothing that a terminal or a CI runner would obey. */
export function plain(text: string): string {
  const visible = text
    .replaceAll(hidden, "·")
    .replaceAll("##[", "## [")
    .replace(/^\s*::/, "· ::");
  return visible.length > longest ? `${visible.slice(0, longest - 1)}…` : visible;
}

/**
 * Text from a plan for Markdown on a Git host: shown as it is, never as a link, a mention, a tag or a table. Entities are not
 * read as Markdown, and hosts look for mentions everywhere but in code.
 */
export function code(text: string): string {
  const encoded = plain(text)
    .replaceAll(/[^A-Za-z0-9 .,/:=+%()→…·±-]/gu, (character) => `&#${character.codePointAt(0)};`)
    .replaceAll("://", ":&#47;/")
    .replaceAll(/www\./gi, (found) => `${found.slice(0, 3)}&#46;`);
  return `<code>${encoded}</code>`;
}

/** A word for a POSIX shell, however it is written. */
export function shellWord(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
