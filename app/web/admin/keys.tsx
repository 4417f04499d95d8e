import { useState } from "preact/hooks";
import type { JSX } from "preact";
import { Confirm, type Question } from "./confirm.tsx";
import { Problem, Table, useData, when } from "./data.tsx";
import { admin, type ApiKey } from "./net.ts";

/** Everybody's API keys; never their secrets. */
export function Keys(): JSX.Element {
  const data = useData(admin.keys);
  const [question, setQuestion] = useState<Question | null>(null);
  const revoke = ({ id, name, email }: ApiKey): void =>
    setQuestion({
      title: `Revoke “${name}” of ${email}?`,
      text: "Programs that use this key are refused at once. It cannot be taken back.",
      yes: "Revoke",
      work: () => data.change(() => admin.revokeKey(id), "The key is revoked."),
    });
  return (
    <>
      <h2>API keys</h2>
      <p class="muted">
        Keys are made by people themselves: <code>POST /api/v1/keys</code>, or <code>./fidus admin create</code> for a new
        account.
      </p>
      <Problem text={data.problem} />
      <Table
        name="API keys"
        columns={["Owner", "Name", "Begins with", "May", "Made", "Last used", "Ends", ""]}
        none="No keys yet."
      >
        {(data.value ?? []).map((key) => (
          <tr key={key.id}>
            <td>{key.email}</td>
            <td class={key.revokedAt === null ? undefined : "off"}>{key.name}</td>
            <td>
              <code>fidus_{key.prefix}</code>
            </td>
            <td>{key.scopes.join(", ")}</td>
            <td>{when(key.createdAt)}</td>
            <td>{when(key.lastUsedAt)}</td>
            <td>{key.revokedAt === null ? when(key.expiresAt) : `revoked ${when(key.revokedAt)}`}</td>
            <td>
              {key.revokedAt === null && (
                <button type="button" aria-label={`Revoke “${key.name}” of ${key.email}`} onClick={() => revoke(key)}>
                  Revoke
                </button>
              )}
            </td>
          </tr>
        ))}
      </Table>
      {question && <Confirm question={question} close={() => setQuestion(null)} />}
    </>
  );
}
