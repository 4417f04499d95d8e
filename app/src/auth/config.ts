import type { Problem } from "../problems.ts";
import { settings, type AuthProvider, type SettingName, type Values } from "../settings.ts";

/** How Fidus is known at an OpenID Connect provider. */
export interface OidcConfig {
  readonly issuer: URL;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Claim with the roles, by name or path. @default "realm_access.roles" for Keycloak, else "roles" */
  readonly rolesClaim: string;
  /** Role that makes an administrator, looked up at each sign-in; null: Fidus keeps the roles itself. @default null */
  readonly adminRole: string | null;
}

/** Who proves who people are. Local accounts always work: the way in while a provider is away. */
export interface AuthConfig {
  readonly provider: AuthProvider;
  /** Null with the providers local and mock. */
  readonly oidc: OidcConfig | null;
}

/** What the settings say of sign-ins, which of them are missing, and what is wrong beyond that. */
export function authConfig(values: Values): { config: AuthConfig; required: SettingName[]; problems: Problem[] } {
  const provider = values.AUTH_PROVIDER ?? "local";
  if (provider === "local") return { config: { provider, oidc: null }, required: [], problems: [] };
  if (provider === "mock") {
    const rule = "another provider outside ENVIRONMENT=development: mock lets anybody in as anybody";
    const safe = values.ENVIRONMENT === "development";
    const problems = safe ? [] : [{ path: "AUTH_PROVIDER", got: provider, rule, fix: settings.AUTH_PROVIDER.fix }];
    return { config: { provider, oidc: null }, required: [], problems };
  }
  const auth0 = provider === "auth0";
  const issuer = auth0
    ? new URL(`https://${values.AUTH0_DOMAIN ?? "absent"}/`)
    : (values.OIDC_ISSUER ?? new URL("https://absent"));
  const oidc: OidcConfig = {
    issuer,
    clientId: (auth0 ? values.AUTH0_CLIENT_ID : values.OIDC_CLIENT_ID) ?? "",
    clientSecret: (auth0 ? values.AUTH0_CLIENT_SECRET : values.OIDC_CLIENT_SECRET) ?? "",
    rolesClaim: values.OIDC_ROLES_CLAIM ?? (provider === "keycloak" ? "realm_access.roles" : "roles"),
    adminRole: values.OIDC_ADMIN_ROLE ?? null,
  };
  const required: SettingName[] = auth0
    ? ["AUTH0_DOMAIN", "AUTH0_CLIENT_ID", "AUTH0_CLIENT_SECRET"]
    : ["OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET"];
  return { config: { provider, oidc }, required, problems: [] };
}
