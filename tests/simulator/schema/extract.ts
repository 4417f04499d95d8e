import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import ts from "typescript";
import type { Fields, FunctionSchema, PackageSchema, ResourceSchema, Shape } from "./types.ts";

/** Which types and data sources of a package to extract, by token. */
export interface Wanted {
  readonly resources: readonly string[];
  readonly functions: readonly string[];
}

/** Reads the types of one installed SDK from its type definitions and what its constructors pass on. */
export function extractPackage(name: string, wanted: Wanted): PackageSchema {
  const root = dirname(createRequire(import.meta.url).resolve(`@pulumi/${name}/package.json`));
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
  const sdk = new Sdk(root);
  return {
    package: name,
    version,
    config: sdk.fields(sdk.file("provider"), "ProviderArgs"),
    resources: Object.fromEntries(wanted.resources.map((token) => [token, resourceSchema(sdk, token)])),
    functions: Object.fromEntries(wanted.functions.map((token) => [token, functionSchema(sdk, token)])),
  };
}

/** `aws:ec2/vpc:Vpc` → `ec2/vpc`; the module `index` is the package's root folder. */
function modulePath(token: string): string {
  return (token.split(":")[1] ?? "").replace(/^index\//, "");
}

function resourceSchema(sdk: Sdk, token: string): ResourceSchema {
  const path = modulePath(token);
  const name = token.split(":")[2] ?? "";
  const file = sdk.file(path);
  const inputs = sdk.fields(file, `${name}Args`);
  const members = sdk.outputs(file, name);
  const code = sdk.code(path);
  if (!code.includes(`'${token}'`)) throw new Error(`${path}.js: got another type; needs ${token}. Fix the list of types`);
  return {
    inputs,
    computed: Object.fromEntries(Object.entries(members).filter(([member]) => !(member in inputs.fields))),
    secrets: quoted(/additionalSecretOutputs: \[([^\]]*)\]/.exec(code)?.[1]),
  };
}

function functionSchema(sdk: Sdk, token: string): FunctionSchema {
  const path = modulePath(token);
  const file = sdk.file(path);
  const name = token.split(":")[2] ?? "";
  const title = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  const takesArguments = file.has(`${title}Args`);
  return {
    args: takesArguments ? sdk.fields(file, `${title}Args`) : { fields: {}, required: [] },
    result: sdk.fields(file, `${title}Result`).fields,
  };
}

function quoted(list: string | undefined): string[] {
  return [...(list ?? "").matchAll(/"([^"]+)"/g)].map(([, name = ""]) => name).sort();
}

/** Declarations of one definition file by name; those in namespaces as `namespace.name`. */
type Declarations = Map<string, ts.InterfaceDeclaration | ts.ClassDeclaration>;

class Sdk {
  readonly #root: string;
  readonly #files = new Map<string, Declarations>();

  constructor(root: string) {
    this.#root = root;
  }

  code(path: string): string {
    return readFileSync(join(this.#root, `${path}.js`), "utf8");
  }

  file(path: string): Declarations {
    const known = this.#files.get(path);
    if (known) return known;
    const full = join(this.#root, `${path}.d.ts`);
    if (!existsSync(full)) throw new Error(`${full}: got no such file; needs a type of the SDK. Fix the list of types`);
    const source = ts.createSourceFile(basename(full), readFileSync(full, "utf8"), ts.ScriptTarget.Latest);
    const found: Declarations = new Map();
    collect(source.statements, "", found);
    this.#files.set(path, found);
    return found;
  }

  /** Fields of an interface. */
  fields(file: Declarations, name: string): Fields {
    const declared = file.get(name);
    if (!declared) throw new Error(`${name}: got no such interface; needs one of the SDK. Fix the list of types`);
    const members = declared.members.filter(ts.isPropertySignature);
    return {
      fields: Object.fromEntries(members.map((member) => [nameOf(member), this.#shape(member.type, [name])])),
      required: members.filter((member) => !member.questionToken).map(nameOf),
    };
  }

  /** Properties of a resource class: `readonly x: pulumi.Output<T>`. */
  outputs(file: Declarations, name: string): Record<string, Shape> {
    const members = file.get(name)?.members.filter(ts.isPropertyDeclaration) ?? [];
    const outputs = members.filter(({ type }) => type !== undefined && isReference(type, "pulumi.Output"));
    return Object.fromEntries(outputs.map((member) => [nameOf(member), this.#shape(member.type, [])]));
  }

  /** `within` names the types around this one: a type inside itself is not followed further. */
  #shape(node: ts.TypeNode | undefined, within: readonly string[]): Shape {
    if (node === undefined) return "any";
    switch (node.kind) {
      case ts.SyntaxKind.StringKeyword:
        return "string";
      case ts.SyntaxKind.NumberKeyword:
        return "number";
      case ts.SyntaxKind.BooleanKeyword:
        return "boolean";
    }
    if (ts.isArrayTypeNode(node)) return { list: this.#shape(node.elementType, within) };
    if (ts.isParenthesizedTypeNode(node)) return this.#shape(node.type, within);
    if (ts.isUnionTypeNode(node)) return this.#union(node, within);
    if (ts.isTypeLiteralNode(node)) return this.#literal(node, within);
    return ts.isTypeReferenceNode(node) ? this.#reference(node, within) : "any";
  }

  #union(node: ts.UnionTypeNode, within: readonly string[]): Shape {
    const known = node.types.filter(({ kind }) => kind !== ts.SyntaxKind.UndefinedKeyword);
    const [only] = known;
    if (known.length === 1) return this.#shape(only, within);
    // A text or a closed set of texts, or a resource in place of its id: on the wire it is a text.
    return known.some(({ kind }) => kind === ts.SyntaxKind.StringKeyword) ? "string" : "any";
  }

  #literal(node: ts.TypeLiteralNode, within: readonly string[]): Shape {
    const index = node.members.find(ts.isIndexSignatureDeclaration);
    return index ? { map: this.#shape(index.type, within) } : "any";
  }

  #reference(node: ts.TypeReferenceNode, within: readonly string[]): Shape {
    const name = entityName(node.typeName);
    const [argument] = node.typeArguments ?? [];
    if (name === "pulumi.Input" || name === "pulumi.Output") return this.#shape(argument, within);
    const [home, ...path] = name.split(".");
    const nested = path.join(".");
    const file = home === "inputs" ? "types/input" : home === "outputs" ? "types/output" : undefined;
    if (file === undefined) return textAliases.has(name) ? "string" : "any";
    return within.includes(nested) ? "any" : this.#nested(this.file(file), nested, within);
  }

  #nested(file: Declarations, name: string, within: readonly string[]): Shape {
    const declared = file.get(name);
    if (!declared) return "any";
    const members = declared.members.filter(ts.isPropertySignature);
    const inside = [...within, name];
    return {
      fields: Object.fromEntries(members.map((member) => [nameOf(member), this.#shape(member.type, inside)])),
      required: members.filter((member) => !member.questionToken).map(nameOf),
    };
  }
}

/** Names the SDKs give to texts. */
const textAliases = new Set(["ARN", "Region", "pulumi.ID", "pulumi.URN"]);

function collect(statements: readonly ts.Statement[], prefix: string, found: Declarations): void {
  for (const statement of statements) {
    if (ts.isInterfaceDeclaration(statement) || ts.isClassDeclaration(statement))
      found.set(`${prefix}${statement.name?.text ?? ""}`, statement);
    else if (ts.isModuleDeclaration(statement) && statement.body && ts.isModuleBlock(statement.body))
      collect(statement.body.statements, `${prefix}${statement.name.text}.`, found);
  }
}

function nameOf(member: ts.PropertySignature | ts.PropertyDeclaration): string {
  return ts.isIdentifier(member.name) || ts.isStringLiteral(member.name) ? member.name.text : "";
}

function isReference(node: ts.TypeNode, name: string): boolean {
  return ts.isTypeReferenceNode(node) && entityName(node.typeName) === name;
}

function entityName(name: ts.EntityName): string {
  return ts.isIdentifier(name) ? name.text : `${entityName(name.left)}.${name.right.text}`;
}
