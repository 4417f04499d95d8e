import type { KeySpec } from "../spec.ts";

/** Who proves who people are, besides local accounts. */
export const authProviders = ["local", "auth0", "keycloak", "oidc", "mock"] as const;

/** Sign-in, and what programs on other origins may do. */
export const peopleKeys = {
  authProvider: {
    type: "choice",
    allowed: authProviders,
    default: "local",
    editions: ["community"],
    effect: "restart",
    about: "Who signs people in; local accounts work beside each. mock lets anybody in as anybody: in development alone.",
  },
  oidcIssuer: {
    type: "url",
    default: null,
    editions: ["community"],
    effect: "restart",
    example: "https://id.fidus.test/realms/fidus",
    about: "The provider's address; for auth0 the tenant's: https://NAME.eu.auth0.com.",
  },
  oidcClientId: {
    type: "string",
    default: null,
    editions: ["community"],
    effect: "restart",
    example: "fidus",
    about: "Fidus's id at the provider.",
  },
  oidcClientSecret: {
    type: "string",
    secret: true,
    default: null,
    editions: ["community"],
    effect: "restart",
    about: "Fidus's secret at the provider.",
  },
  oidcRolesClaim: {
    type: "string",
    default: null,
    editions: ["community"],
    effect: "restart",
    example: "realm_access.roles",
    about: "Claim with people's roles, by name or path; absent: realm_access.roles with keycloak, else roles.",
  },
  oidcAdminRole: {
    type: "string",
    default: null,
    editions: ["community"],
    effect: "restart",
    example: "fidus-admin",
    about: "Role at the provider that makes an administrator; absent: Fidus keeps the roles itself.",
  },
  corsOrigins: {
    type: "list",
    form: { pattern: /^https?:\/\/[a-z0-9.-]+(:\d{1,5})?$/, rule: "an origin such as https://app.fidus.test" },
    default: null,
    editions: ["community"],
    effect: "restart",
    example: "https://app.fidus.test",
    about: "Other sites whose pages may use the API in a browser.",
  },
} as const satisfies Record<string, KeySpec>;
