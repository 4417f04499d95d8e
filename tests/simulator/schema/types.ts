/** What a property holds, as the SDK's type definitions say it. */
export type Shape = "string" | "number" | "boolean" | "any" | { readonly list: Shape } | { readonly map: Shape } | Fields;

/** A nested object: its fields and which of them must be set. */
export interface Fields {
  readonly fields: Readonly<Record<string, Shape>>;
  readonly required: readonly string[];
}

/** One resource type of an SDK. */
export interface ResourceSchema {
  readonly inputs: Fields;
  /** Properties that the provider computes; those that are inputs too are not repeated. */
  readonly computed: Readonly<Record<string, Shape>>;
  /** Properties that the SDK marks secret whatever the program says. */
  readonly secrets: readonly string[];
}

/** One data source of an SDK. */
export interface FunctionSchema {
  readonly args: Fields;
  readonly result: Readonly<Record<string, Shape>>;
}

/** The committed extract of one SDK package. */
export interface PackageSchema {
  readonly package: string;
  readonly version: string;
  /** Settings of the provider itself. */
  readonly config: Fields;
  readonly resources: Readonly<Record<string, ResourceSchema>>;
  readonly functions: Readonly<Record<string, FunctionSchema>>;
}
