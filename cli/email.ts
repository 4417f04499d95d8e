import { problemUnless, type Problem } from "../infra/core/errors.ts";

/**
 * Problems of an e-mail address given as `--email`; `fix` is the command with a good one. The application has the last word
 * and the same rule (app/src/auth/users.ts; cli/email.test.ts compares them), but it is asked only when everything runs.
 */
export function emailProblems(email: string | undefined, fix: string): Problem[] {
  const text = email?.trim();
  const isEmail = text === undefined || (text.length <= 254 && /^[^\s@]+@[^\s@]+$/.test(text));
  return problemUnless(isEmail, { path: "--email", got: email, rule: "an e-mail address", fix });
}
