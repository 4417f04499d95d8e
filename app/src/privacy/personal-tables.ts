/** Rows of an export besides conversations and documents, one statement each with the person's id as $1. Never a hash, token or key. */
export const exportedTables: readonly { readonly type: string; readonly table: string; readonly sql: string }[] = [
  {
    type: "profile",
    table: "users",
    sql: `SELECT id, email, name, role, tenant, cloud_allowed AS "cloudAllowed", created_at AS "createdAt", disabled_at AS "disabledAt"
      FROM users WHERE id = $1`,
  },
  {
    type: "identity",
    table: "identities",
    sql: `SELECT issuer, subject, created_at AS "createdAt" FROM identities WHERE user_id = $1 ORDER BY created_at`,
  },
  {
    type: "session",
    table: "sessions",
    sql: `SELECT id, created_at AS "createdAt", expires_at AS "expiresAt", revoked_at AS "revokedAt",
        last_used_at AS "lastUsedAt", user_agent AS "userAgent" FROM sessions WHERE user_id = $1 ORDER BY created_at`,
  },
  {
    type: "key",
    table: "api_keys",
    sql: `SELECT id, name, prefix, scopes, requests_per_minute AS "requestsPerMinute", tokens_per_minute AS "tokensPerMinute",
        created_at AS "createdAt", expires_at AS "expiresAt", revoked_at AS "revokedAt", last_used_at AS "lastUsedAt"
      FROM api_keys WHERE user_id = $1 ORDER BY created_at`,
  },
  {
    type: "usage",
    table: "usage_events",
    // A line a day and model: single calls would be millions of lines that say no more.
    sql: `SELECT at::date::text AS day, tenant, feature, model, count(*)::float8 AS calls, sum(prompt_tokens)::float8 AS "promptTokens",
        sum(completion_tokens)::float8 AS "completionTokens", sum(cost)::text AS cost
      FROM usage_events WHERE user_id = $1 GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4`,
  },
  {
    type: "audit",
    table: "audit_log",
    sql: `SELECT at, action, target, detail FROM audit_log WHERE actor_id = $1 ORDER BY id`,
  },
];
