/** Our OpenAPI document as this page reads it: only what our own document has. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly minimum?: number;
  readonly format?: string;
}
export interface Parameter {
  readonly name: string;
  readonly in: "path" | "query";
  readonly required: boolean;
}
interface Content {
  readonly schema: Schema;
}
interface Response {
  readonly description: string;
  /** By media type; absent: the answer is empty. */
  readonly content?: Readonly<Record<string, Content>>;
}
export interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly security: readonly Readonly<Record<string, unknown>>[];
  readonly parameters?: readonly Parameter[];
  /** By status, such as "200" or "4XX". */
  readonly responses: Readonly<Record<string, Response>>;
  /** JSON, or a form with one file. */
  readonly requestBody?: { readonly content: Readonly<Partial<Record<"application/json" | "multipart/form-data", Content>>> };
}
export interface OpenApi {
  readonly info: { readonly version: string; readonly description: string };
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

/** What the operation takes as JSON; undefined: nothing. */
export function jsonOf({ requestBody }: Operation): Schema | undefined {
  return requestBody?.content["application/json"]?.schema;
}

/** The field of the file that the operation takes; undefined: none. */
export function fileOf({ requestBody }: Operation): string | undefined {
  return Object.keys(requestBody?.content["multipart/form-data"]?.schema.properties ?? {})[0];
}

/** A value of the schema to begin with: required members, defaults, the first of several choices. */
export function exampleOf(schema: Schema): unknown {
  if (schema.default !== undefined) return schema.default;
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  if (schema.anyOf?.[0]) return exampleOf(schema.anyOf[0]);
  switch ([schema.type].flat()[0]) {
    case "object": {
      const wanted = schema.required ?? [];
      const names = wanted.length > 0 ? wanted : Object.keys(schema.properties ?? {}).slice(0, 1);
      return Object.fromEntries(names.map((name) => [name, exampleOf(schema.properties?.[name] ?? {})]));
    }
    case "array":
      return schema.items ? [exampleOf(schema.items)] : [];
    case "boolean":
      return false;
    case "integer":
    case "number":
      return Math.max(1, schema.minimum ?? 1);
    default:
      return "…";
  }
}

export interface Answer {
  readonly status: string;
  /** Null: the answer is empty. */
  readonly type: string | null;
  readonly schema: Schema | null;
}

/** What the operation answers, by status and media type. */
export function answersOf({ responses }: Operation): Answer[] {
  return Object.entries(responses).flatMap(([status, { content }]): Answer[] => {
    if (content === undefined) return [{ status, type: null, schema: null }];
    const own = Object.entries(content).filter(([, { schema }]) => schema.$ref === undefined);
    return own.map(([type, { schema }]) => ({ status, type, schema }));
  });
}

/** How the operation fails: all failures have one of the two shapes that the document names, so the words tell. */
export function failuresOf({ responses }: Operation): { status: string; text: string }[] {
  const failed = Object.entries(responses).filter(([, { content }]) =>
    Object.values(content ?? {}).some(({ schema }) => schema.$ref !== undefined),
  );
  return failed.map(([status, { description }]) => ({ status, text: description }));
}
