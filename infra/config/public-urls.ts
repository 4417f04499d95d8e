/** Where the product answers under its domain, and how an administrator is made. */
export interface PublicUrls {
  readonly url: string;
  readonly apiUrl: string;
  readonly healthUrl: string;
  readonly adminCommand: string;
}

export function publicUrls(domain: string): PublicUrls {
  const url = `https://${domain}`;
  return { url, apiUrl: url, healthUrl: `${url}/health`, adminCommand: "./fidus admin create --email you@example.com" };
}
