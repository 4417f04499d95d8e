/** What a key may be used for. People who sign in may do what their role allows; keys never more than their scopes. */
export const scopes = {
  chat: "ask for answers: chat, completions, responses, conversations",
  embeddings: "ask for embeddings",
  documents: "read, add, search and delete the owner's documents",
  account: "read and change the owner's keys, sessions and usage",
  admin: "the admin API, where the owner is an administrator",
} as const;

export type Scope = keyof typeof scopes;
export const scopeNames = Object.keys(scopes) as readonly Scope[];
/** Of a key that is made without saying. */
export const defaultScopes: readonly Scope[] = ["chat", "embeddings"];
