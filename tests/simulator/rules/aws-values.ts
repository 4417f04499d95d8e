import { createHash } from "node:crypto";
import type { Wire, WireMap } from "../../../toolchain/providers/values.ts";
import type { ChangingOutput, Made, ValueRule } from "./types.ts";
import * as rule from "./values.ts";

/** The account of every simulated installation. */
export const account = "210987654321";

export const region = rule.matching(/^[a-z]{2}(-[a-z]+)+-\d$/, "a region");

function hex(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** `vpc-0a1b2c3d4e5f60718`: the id as EC2 writes it. */
export function ec2Id(prefix: string): (number: number) => string {
  return (number) => `${prefix}-0${hex(`${prefix} ${number}`).slice(0, 16)}`;
}

export function uuid(text: string): string {
  const digits = hex(text);
  return [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20), digits.slice(20, 32)].join("-");
}

/** The id of another thing of EC2. */
export function ec2IdOf(type: string, prefix: string): ValueRule {
  return rule.idOf(type, new RegExp(`^${prefix}-[0-9a-f]{8,17}$`));
}

/** Another resource by its name. */
export function nameOf(type: string): ValueRule {
  return rule.idOf(type, /^.+$/);
}

/** Another resource by its ARN. */
export function arnOf(type: string): ValueRule {
  return rule.idOf(type, /^arn:aws:[a-z0-9]+:[a-z0-9-]*:(\d{12})?:.+$/);
}

/** `arn:aws:eks:eu-central-1:210987654321:cluster/NAME` */
export function arn(service: string, path: (made: Made) => string): { readonly arn: (made: Made) => Wire } {
  return { arn: (made) => `arn:aws:${service}:${String(made.settings["region"])}:${account}:${path(made)}` };
}

/** The ARN of something that no region holds. */
export function globalArn(service: string, path: (made: Made) => string): { readonly arn: (made: Made) => Wire } {
  return { arn: (made) => `arn:aws:${service}::${account}:${path(made)}` };
}

export const ownRegion = { region: ({ settings }: Made): Wire => settings["region"] ?? null };
export const ownTags = { tagsAll: ({ inputs }: Made): Wire => inputs["tags"] ?? {} };

/** Tags follow the inputs at every update. */
export const tagsChange: Readonly<Record<string, ChangingOutput>> = {
  tagsAll: {
    when: (before, after) => JSON.stringify(before["tagsAll"]) !== JSON.stringify(after["tags"]),
    to: (_before, after) => after["tags"] ?? {},
  },
};

/** Tags as AWS takes them. Source: AWS general reference, tagging. */
export const tags: ValueRule = {
  rule: "at most 50 tags of letters, digits, spaces and + - = . _ : / @, keys up to 128 characters and not aws:, values up to 256",
  ok: (value) =>
    isMap(value) &&
    Object.keys(value).length <= 50 &&
    Object.entries(value).every(([key, text]) => tagText(key, 128) && !key.startsWith("aws:") && tagText(String(text), 256)),
};

function tagText(text: string, longest: number): boolean {
  return text.length <= longest && /^[\p{L}\p{N} +\-=._:/@]*$/u.test(text);
}

/** Tags that everything of ours has. */
export const ourTags: ValueRule = {
  rule: `${tags.rule}, edition, environment, installation, stack and version among them`,
  ok: (value) => tags.ok(value) && ours.every((key) => isMap(value) && value[`fidus.${key}`] !== undefined),
};
const ours = ["edition", "environment", "installation", "role", "stack", "version"];

/** A policy document: version, and statements with an effect and an action. Source: IAM reference, grammar of JSON policies. */
export const policy: ValueRule = {
  rule: "an IAM policy document",
  ok: (value) => {
    const statements = documentOf(value)?.["Statement"];
    return Array.isArray(statements) && statements.length > 0 && statements.every(isStatement);
  },
};

function isStatement(statement: unknown): boolean {
  const known = ["Sid", "Effect", "Principal", "Action", "Resource", "Condition"];
  if (statement === null || typeof statement !== "object") return false;
  const { Effect, Action, Sid = "" } = statement as Record<string, unknown>;
  const named = Object.keys(statement).every((key) => known.includes(key));
  return named && (Effect === "Allow" || Effect === "Deny") && Action !== undefined && /^[A-Za-z0-9]*$/.test(String(Sid));
}

function documentOf(value: Wire): Record<string, unknown> | null {
  try {
    const document = JSON.parse(String(value)) as Record<string, unknown>;
    return document["Version"] === "2012-10-17" ? document : null;
  } catch {
    return null;
  }
}

/** A text that is JSON. */
export const json: ValueRule = {
  rule: "JSON",
  ok: (value) => {
    try {
      JSON.parse(String(value));
      return typeof value === "string";
    } catch {
      return false;
    }
  },
};

export function isMap(value: Wire | undefined): value is WireMap {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

/** A cron expression of five fields. */
export const cron = rule.matching(/^[\d*,/-]+( [\d*,/A-Za-z-]+){4}$/, "a cron expression of five fields");

export const email = rule.matching(/^[^@\s]+@[^@\s]+\.[^@\s]+$/, "an e-mail address");
/** An amount as a text: `100` or `99.5`. */
export const amount = rule.matching(/^\d+(\.\d+)?$/, "an amount as a text");
