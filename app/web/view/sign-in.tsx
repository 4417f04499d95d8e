import { useEffect, useRef, useState } from "preact/hooks";
import type { JSX } from "preact";
import { ApiError } from "../net/api.ts";
import { problemOf } from "../state/problems.ts";
import { signIn } from "../state/session.ts";
import { Mark } from "./icons.tsx";

/** The sign-in form. A refused attempt keeps the e-mail, empties the password and says why. */
export function SignIn({ notice }: { notice: string | null }): JSX.Element {
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const emailBox = useRef<HTMLInputElement>(null);
  const passwordBox = useRef<HTMLInputElement>(null);

  useEffect(() => {
    document.title = "Sign in · Fidus";
    emailBox.current?.focus();
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
        <p class="fine">
          No account? The first <code>npm start</code> shows one; <code>./fidus admin create</code> makes more.
        </p>
      </form>
    </main>
  );
}

const isRefused = (failure: unknown): boolean =>
  failure instanceof ApiError && (failure.status === 401 || failure.status === 400);

function reasonOf(failure: unknown): string {
  if (isRefused(failure)) return "E-mail or password is wrong.";
  const { title, advice } = problemOf(failure);
  return `${title} ${advice}`;
}
