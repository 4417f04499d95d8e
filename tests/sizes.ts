import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { repositoryFiles } from "./sources.ts";

// A report, never a failure: long files and functions, and exports that nothing in the repository imports.

interface Size {
  readonly where: string;
  readonly lines: number;
}

interface Module {
  readonly path: string;
  readonly source: ts.SourceFile;
}

const shown = 15;

function readModules(root: string): Module[] {
  const paths = repositoryFiles(root).filter((path) => /\.tsx?$/.test(path));
  return paths.map((path) => {
    const text = readFileSync(join(root, path), "utf8");
    return { path, source: ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true) };
  });
}

function functionsOf({ path, source }: Module): Size[] {
  const found: Size[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && "body" in node && node.body !== undefined) found.push(sizeOf(path, source, node));
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function sizeOf(path: string, source: ts.SourceFile, node: ts.SignatureDeclaration): Size {
  const line = (position: number): number => source.getLineAndCharacterOfPosition(position).line + 1;
  const start = line(node.getStart(source));
  return { where: `${path}:${start} ${nameOf(node, source)}`, lines: line(node.end) - start + 1 };
}

function nameOf(node: ts.SignatureDeclaration, source: ts.SourceFile): string {
  if (ts.isConstructorDeclaration(node)) return "constructor";
  if (node.name !== undefined) return node.name.getText(source);
  const { parent } = node;
  return ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent) ? parent.name.getText(source) : "(unnamed)";
}

/** `path name` of each exported declaration whose name no other module imports. Modules with a default export are entry points. */
function unusedExports(modules: readonly Module[]): string[] {
  const imported = new Set<string>();
  for (const { source } of modules) {
    // Names suffice for a report: two modules that export the same name hide each other.
    for (const match of source.text.matchAll(/(?:import|export)\s+(?:type\s+)?\{([^}]*)\}\s+from/g)) {
      for (const word of (match[1] ?? "").matchAll(/(?:type\s+)?(\w+)(?:\s+as\s+\w+)?/g)) imported.add(word[1] ?? "");
    }
    for (const match of source.text.matchAll(/\{([^{}]*)\}\s*=\s*await import\(/g)) {
      for (const word of (match[1] ?? "").matchAll(/\w+/g)) imported.add(word[0]);
    }
  }
  return modules.flatMap(({ path, source }) =>
    exportsOf(source)
      .filter((name) => !imported.has(name))
      .map((name) => `${path} ${name}`),
  );
}

function exportsOf(source: ts.SourceFile): string[] {
  return source.statements.flatMap((statement) => {
    if (!ts.canHaveModifiers(statement)) return [];
    const kinds = ts.getModifiers(statement)?.map(({ kind }) => kind) ?? [];
    if (!kinds.includes(ts.SyntaxKind.ExportKeyword) || kinds.includes(ts.SyntaxKind.DefaultKeyword)) return [];
    if (ts.isVariableStatement(statement)) return statement.declarationList.declarations.map(({ name }) => name.getText(source));
    return "name" in statement && statement.name !== undefined ? [(statement.name as ts.Identifier).text] : [];
  });
}

function longest(title: string, sizes: readonly Size[]): string {
  const rows = [...sizes].sort((a, b) => b.lines - a.lines).slice(0, shown);
  const all = sizes.map(({ lines }) => lines).sort((a, b) => a - b);
  const median = all[Math.floor(all.length / 2)] ?? 0;
  return [
    `${title} (${sizes.length}, median ${median} lines)`,
    ...rows.map(({ lines, where }) => `${String(lines).padStart(5)}  ${where}`),
  ].join("\n");
}

const root = join(import.meta.dirname, "..");
const modules = readModules(root);
const product = modules.filter(({ path }) => !/\.test\.ts$/.test(path));
const files = modules.map(({ path, source }) => ({ where: path, lines: source.getLineStarts().length - 1 }));
const unused = unusedExports(modules).filter((line) => !/\.test\.ts /.test(line));
process.stdout.write(
  [
    longest("Longest files", files),
    longest("Longest functions, tests apart", product.flatMap(functionsOf)),
    `Exports that no other file imports (${unused.length})\n${unused.map((line) => `       ${line}`).join("\n")}`,
    "",
  ].join("\n\n"),
);
