/** Typed calls to /api/v1/admin. Every failure is an ApiError. */
import { request } from "../net/api.ts";
import type { auditWords } from "./audit-words.ts";

export const roles = ["user", "admin"] as const;
export type Role = (typeof roles)[number];
export interface Account {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly role: Role;
  readonly tenant: string;
  readonly createdAt: string;
  readonly disabledAt: string | null;
  readonly hasPassword: boolean;
  /** Sign-ins that hold now. */
  readonly sessions: number;
}
/** A password that is shown this once. */
export interface NewPassword {
  readonly email: string;
  readonly password: string;
}
export interface ApiKey {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly prefix: string;
  readonly scopes: readonly string[];
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
  readonly lastUsedAt: string | null;
}
export const budgetKinds = ["user", "tenant", "feature"] as const;
export interface Budget {
  readonly kind: (typeof budgetKinds)[number];
  readonly subject: string;
  readonly capUsd: string | null;
  readonly alertUsd: string | null;
  readonly spentUsd: string;
  readonly reservedUsd: string;
}
export interface Budgets {
  readonly periodEndsAt: string;
  readonly usualTenant: { readonly capUsd: string | null; readonly alertUsd: string | null };
  readonly budgets: readonly Budget[];
}
export const usageGroups = ["user", "model", "feature", "tenant", "day"] as const;
export type UsageGroup = (typeof usageGroups)[number];
export type UsageRow = Readonly<Partial<Record<UsageGroup, string | null>>> & {
  readonly calls: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly estimatedCalls: number;
  readonly costUsd: string;
};
export interface ListedModel {
  readonly runtime: string;
  readonly model: string;
  readonly cloud: boolean;
  readonly inputUsdPerMillion: string;
  readonly outputUsdPerMillion: string;
}
export interface Health {
  readonly status: string;
  readonly version: string;
  readonly services: Readonly<Record<string, string>>;
  readonly openAnswers: number;
  readonly runtimes: readonly {
    readonly name: string;
    readonly cloud: boolean;
    readonly reachable: boolean;
    readonly usable: boolean;
    readonly load: number;
  }[];
}
export interface Trial {
  readonly name: string;
  readonly other: string;
  readonly percent: number;
}

export interface AuditFilter {
  readonly person: string;
  readonly action: string;
}
export interface AuditPage {
  readonly entries: readonly {
    readonly id: string;
    readonly at: string;
    readonly actor: string;
    readonly action: keyof typeof auditWords;
    readonly target: string;
    readonly detail: Readonly<Record<string, unknown>>;
  }[];
  readonly next: string | null;
}

const segment = encodeURIComponent;

async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await request(method, `/admin${path}`, body === undefined ? {} : { body });
  return (response.status === 204 ? undefined : await response.json()) as T;
}

/** Where the usage of these days (both included) is read, as JSON or as a file. */
export function usagePath(from: string, to: string, by: readonly UsageGroup[], format: "json" | "csv"): string {
  return `/usage?${new URLSearchParams({ from, to, by: by.join(","), format }).toString()}`;
}

export const admin = {
  users: async (): Promise<Account[]> => (await call<{ users: Account[] }>("GET", "/users")).users,
  createUser: (body: { email: string; name?: string; role: Role }): Promise<NewPassword> => call("POST", "/users", body),
  changeUser: (id: string, body: { role?: Role; disabled?: boolean }): Promise<unknown> =>
    call("PATCH", `/users/${segment(id)}`, body),
  resetPassword: (id: string): Promise<NewPassword> => call("POST", `/users/${segment(id)}/password`),
  endSessions: (id: string): Promise<unknown> => call("DELETE", `/users/${segment(id)}/sessions`),
  keys: async (): Promise<ApiKey[]> => (await call<{ keys: ApiKey[] }>("GET", "/keys")).keys,
  revokeKey: (id: string): Promise<unknown> => call("DELETE", `/keys/${segment(id)}`),
  budgets: (): Promise<Budgets> => call("GET", "/budgets"),
  setBudget: (kind: string, subject: string, body: { capUsd: string; alertUsd: string | null }): Promise<unknown> =>
    call("PUT", `/budgets/${segment(kind)}/${segment(subject)}`, body),
  removeBudget: (kind: string, subject: string): Promise<unknown> =>
    call("DELETE", `/budgets/${segment(kind)}/${segment(subject)}`),
  usage: async (from: string, to: string, by: readonly UsageGroup[]): Promise<UsageRow[]> =>
    (await call<{ usage: UsageRow[] }>("GET", usagePath(from, to, by, "json"))).usage,
  models: async (): Promise<{ default: string | null; models: ListedModel[] }> => call("GET", "/models"),
  health: (): Promise<Health> => call("GET", "/health"),
  trials: async (): Promise<Trial[]> => (await call<{ trials: Trial[] }>("GET", "/trials")).trials,
  setTrial: (name: string, body: { other: string; percent: number }): Promise<unknown> =>
    call("PUT", `/trials/${segment(name)}`, body),
  audit: ({ person, action }: AuditFilter, before: string | null): Promise<AuditPage> => {
    const asked = Object.entries({ person: person.trim(), action, before: before ?? "" }).filter(([, value]) => value !== "");
    return call("GET", `/audit?${new URLSearchParams(asked).toString()}`);
  },
  removeTrial: (name: string): Promise<unknown> => call("DELETE", `/trials/${segment(name)}`),
};
