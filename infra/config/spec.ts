/** How a key's text is read. `choices` and `cidrs` are lists, separated by commas; `map` is a JSON object of texts, `json` any JSON object. */
export type KeyType =
  | "string"
  | "integer"
  | "boolean"
  | "port"
  | "address"
  | "url"
  | "domain"
  | "email"
  | "choice"
  | "choices"
  | "list"
  | "map"
  | "json"
  | "size"
  | "duration"
  | "money"
  | "cidr"
  | "cidrs";

/** Values of the key `edition`: the four editions, enterprise as its two kinds of stack. */
export const editions = ["community", "starter", "pro", "enterprise-global", "enterprise-region"] as const;
export type Edition = (typeof editions)[number];

/** The worst that a change of the key does to a running stack. */
export type Effect = "none" | "update" | "restart" | "replace" | "refused";

/** What an edition may say differently about a key. */
export interface EditionSpec {
  /** For `choice`, `choices`: the allowed values. */
  readonly allowed?: readonly string[];
  /** Lowest and highest, as the key is written: `["10 GB", "10 TB"]`; for `cidr` the shortest and longest prefix. */
  readonly between?: readonly [number | string, number | string];
  /** Absent = the key must be set. null = the feature is absent unless set. */
  readonly default?: string | number | boolean | null;
  /** In an edition's part: the key must be set, whatever its default elsewhere. */
  readonly required?: true;
  readonly effect?: Effect;
  /** Who writes it: the operator, or Fidus, which records what it chose. */
  readonly by?: "operator" | "fidus";
  /** Read and checked, but the part of Fidus that will use it is not built yet: a change does nothing. */
  readonly planned?: true;
}

export interface KeySpec extends EditionSpec {
  readonly type: KeyType;
  /** A stricter form of `string`, or of each entry of `list`. */
  readonly form?: { readonly pattern: RegExp; readonly rule: string };
  readonly secret?: true;
  readonly editions: readonly Edition[];
  readonly effect: Effect;
  /** Shown in repairs where neither default nor allowed values give an example. */
  readonly example?: string;
  /** What is different in an edition. */
  readonly in?: Partial<Record<Edition, EditionSpec>>;
  readonly about: string;
}
