import { useEffect, useRef, useState } from "preact/hooks";
import type { JSX } from "preact";
import { api, ApiError } from "../net/api.ts";
import { problemOf } from "../state/problems.ts";
import { signIn } from "../state/session.ts";
import { Mark } from "./icons.tsx";

/** The sign-in form. A refused attempt keeps the e-mail, empties the password and says why. */
export function SignIn({ notice }: { notice: string | null }): JSX.Element {
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(providerProblem);
  const [provider, setProvider] = useState<string | null>(null);
  const emailBox = useRef<HTMLInputElement>(null);
  const passwordBox = useRef<HTMLInputElement>(null);

  useEffect(() => {
    document.title = "Sign in · Fidus";
    emailBox.current?.focus();
    // Without an answer there is no button: passwords always work.
    api.providers().then(
      ({ oidc }) => setProvider(oidc),
      () => undefined,
    );
  }, []);

  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (busy) return;
    if (email.trim() === "" || password === "") {
      setError(email.trim() === "" ? "Enter your e-mail address." : "Enter your password.");
      (email.trim() === "" ? emailBox : passwordBox).current?.focus();
      return;
    }
    setBusy(true);
    setError(null);
    try {
      await signIn(email.trim(), password);
    } catch (failure) {
      setBusy(false);
      setError(reasonOf(failure));
      if (!isRefused(failure)) return;
      setPassword("");
      passwordBox.current?.focus();
    }
  };

  return (
    <main class="gate">
      <form class="gate-card" onSubmit={(event) => void submit(event)} noValidate>
        <Mark />
        <h1>Sign in to Fidus</h1>
        {notice === null ? <p class="muted">Your private assistant.</p> : <p class="notice">{notice}</p>}
        <label for="email">E-mail</label>
        <input
          id="email"
          ref={emailBox}
          type="email"
          autocomplete="username"
          value={email}
          onInput={(event) => setEmail(event.currentTarget.value)}
          aria-invalid={error !== null}
          aria-describedby={error === null ? undefined : "sign-in-error"}
        />
        <label for="password">Password</label>
        <input
          id="password"
          ref={passwordBox}
          type="password"
          autocomplete="current-password"
          value={password}
          onInput={(event) => setPassword(event.currentTarget.value)}
          aria-invalid={error !== null}
          aria-describedby={error === null ? undefined : "sign-in-error"}
        />
        <div role="alert" id="sign-in-error">
          {error !== null && <p class="error">{error}</p>}
        </div>
        <button type="submit" class="primary" aria-disabled={busy}>
          {busy ? "Signing in …" : "Sign in"}
        </button>
        {provider !== null && (
          <a class="button" href="/api/v1/auth/oidc/login">
            Sign in with {providerNames[provider] ?? "your organisation"}
          </a>
        )}
        <p class="fine">
          No account? The first <code>npm start</code> shows one; <code>./fidus admin create</code> makes more.
        </p>
      </form>
    </main>
  );
}

const providerNames: Readonly<Record<string, string>> = { auth0: "Auth0", keycloak: "Keycloak" };

/** Why the identity provider sent the browser back without a sign-in: the server's code, in the address. */
function providerProblem(): string | null {
  const code = new URLSearchParams(location.search).get("sign-in");
  return code === null ? null : (providerProblems[code] ?? "The sign-in could not be completed. Try again.");
}

const providerProblems: Readonly<Record<string, string>> = {
  email_not_verified: "Your identity provider has not verified your e-mail address.",
  account_disabled: "This account is disabled.",
  provider_away: "The identity provider cannot be reached. Try again later.",
};

const isRefused = (failure: unknown): boolean =>
  failure instanceof ApiError && (failure.status === 401 || failure.status === 400);

function reasonOf(failure: unknown): string {
  if (isRefused(failure)) return "E-mail or password is wrong.";
  const { title, advice } = problemOf(failure);
  return `${title} ${advice}`;
}
