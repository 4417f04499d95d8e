import { parse, type AlterTableCmd, type Node, type ParseResult, type RangeVar } from "libpg-query";

/** What a migration does to the application of before. */
export interface MigrationEffect {
  /** What it takes away or forbids, in PostgreSQL's own names: `AT_DropColumn users.name`. */
  readonly contracts: readonly string[];
  /** The schema that its `UPDATE schema_floor` names; null when it has none. */
  readonly floor: number | null;
}

/** Statements that only add; others are read more closely or contract. */
const adding: readonly string[] = [
  "CreateStmt",
  "CreateSchemaStmt",
  "CreateEnumStmt",
  "CompositeTypeStmt",
  "CreateExtensionStmt",
  "CreateFunctionStmt",
  "ViewStmt",
  "CommentStmt",
  "InsertStmt",
  "SelectStmt",
];

/** Changes of a table that its readers and writers of before do not notice. */
const unnoticed: readonly string[] = [
  "AT_DropConstraint",
  "AT_DropNotNull",
  "AT_SetRelOptions",
  "AT_SetStatistics",
  "AT_SetStorage",
  "AT_SetCompression",
  "AT_ValidateConstraint",
];

/**
 * Reads a migration with PostgreSQL's own parser. What is new in it may be shaped at will; of what was there, only what is known
 * to be harmless passes. What functions and DO blocks do cannot be seen: a DO block contracts, a call does not.
 * @throws when PostgreSQL would not read it
 */
export async function migrationEffect(sql: string): Promise<MigrationEffect> {
  const nodes = ((await parse(sql)) as ParseResult).stmts?.flatMap(({ stmt }) => (stmt === undefined ? [] : [stmt])) ?? [];
  const fresh = freshNames(nodes);
  return {
    contracts: nodes.flatMap((node) => contractsOf(node, fresh)),
    floor: nodes.reduce<number | null>((last, node) => floorOf(node) ?? last, null),
  };
}

/** Tables, schemas (`name.`) and columns (`table:column`) that the migration makes itself. */
function freshNames(nodes: readonly Node[]): ReadonlySet<string> {
  const names = nodes.flatMap((node): string[] => {
    if ("CreateStmt" in node) return [tableName(node.CreateStmt.relation)];
    if ("CreateSchemaStmt" in node) return [`${node.CreateSchemaStmt.schemaname ?? ""}.`];
    if (!("AlterTableStmt" in node)) return [];
    const table = tableName(node.AlterTableStmt.relation);
    return commandsOf(node).flatMap((command) => {
      const column = columnOf(command);
      return column === undefined ? [] : [`${table}:${column.colname ?? ""}`];
    });
  });
  return new Set(names);
}

function contractsOf(node: Node, fresh: ReadonlySet<string>): string[] {
  const isNew = (relation: RangeVar | undefined): boolean =>
    fresh.has(tableName(relation)) || fresh.has(`${relation?.schemaname ?? "public"}.`);
  if ("AlterTableStmt" in node) {
    const { relation } = node.AlterTableStmt;
    if (isNew(relation)) return [];
    return commandsOf(node)
      .filter((command) => !keepsTable(command))
      .map((command) => `${command.subtype ?? ""} ${tableName(relation)}.${nameIn(command)}`);
  }
  if ("IndexStmt" in node) {
    const { relation, unique, idxname } = node.IndexStmt;
    return unique === true && !isNew(relation) ? [`unique IndexStmt ${idxname ?? tableName(relation)}`] : [];
  }
  if ("UpdateStmt" in node) {
    const { relation, targetList = [] } = node.UpdateStmt;
    const columns = targetList.map((target) => ("ResTarget" in target ? (target.ResTarget.name ?? "") : ""));
    const harmless = columns.every((column) => fresh.has(`${tableName(relation)}:${column}`));
    return harmless || isNew(relation) || floorOf(node) !== null ? [] : [`UpdateStmt ${tableName(relation)}`];
  }
  return Object.keys(node).filter((kind) => !adding.includes(kind));
}

function keepsTable(command: AlterTableCmd): boolean {
  const { subtype = "", def } = command;
  if (subtype === "AT_ColumnDefault") return def !== undefined;
  if (subtype !== "AT_AddColumn") return unnoticed.includes(subtype);
  const kinds = (columnOf(command)?.constraints ?? []).map((one) => ("Constraint" in one ? (one.Constraint.contype ?? "") : ""));
  const filled = kinds.some((kind) => ["CONSTR_DEFAULT", "CONSTR_IDENTITY", "CONSTR_GENERATED"].includes(kind));
  // Who does not know the column writes rows without it.
  return filled || !kinds.some((kind) => ["CONSTR_NOTNULL", "CONSTR_PRIMARY"].includes(kind));
}

/** The schema of an `UPDATE schema_floor SET version = N`. */
function floorOf(node: Node): number | null {
  if (!("UpdateStmt" in node) || tableName(node.UpdateStmt.relation) !== "schema_floor") return null;
  const [target] = node.UpdateStmt.targetList ?? [];
  const value = target !== undefined && "ResTarget" in target ? target.ResTarget.val : undefined;
  return value !== undefined && "A_Const" in value ? (value.A_Const.ival?.ival ?? 0) : null;
}

function commandsOf(node: Node): AlterTableCmd[] {
  const commands = "AlterTableStmt" in node ? (node.AlterTableStmt.cmds ?? []) : [];
  return commands.flatMap((command) => ("AlterTableCmd" in command ? [command.AlterTableCmd] : []));
}

const columnOf = ({ subtype, def }: AlterTableCmd) =>
  subtype === "AT_AddColumn" && def !== undefined && "ColumnDef" in def ? def.ColumnDef : undefined;

function nameIn(command: AlterTableCmd): string {
  const { name, def } = command;
  const constraint = def !== undefined && "Constraint" in def ? def.Constraint.conname : undefined;
  return name ?? columnOf(command)?.colname ?? constraint ?? "";
}

function tableName(relation: RangeVar | undefined): string {
  const schema = relation?.schemaname;
  return `${schema === undefined || schema === "public" ? "" : `${schema}.`}${relation?.relname ?? ""}`;
}
