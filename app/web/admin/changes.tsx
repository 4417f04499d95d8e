import { useCallback, useState } from "preact/hooks";
import type { JSX } from "preact";
import { auditWords } from "./audit-words.ts";
import { Problem, Table, useData, when } from "./data.tsx";
import { admin, type AuditFilter } from "./net.ts";

/** Who changed what and when, a page at a time; of one person or kind of change. */
export function Changes(): JSX.Element {
  const [filter, setFilter] = useState<AuditFilter>({ person: "", action: "" });
  /** Where this page and each before it begins; the latest begins nowhere. */
  const [begins, setBegins] = useState<readonly string[]>([]);
  const before = begins.at(-1) ?? null;
  const read = useCallback(() => admin.audit(filter, before), [filter, before]);
  const data = useData(read);
  const { entries = [], next = null } = data.value ?? {};
  const show = (event: SubmitEvent): void => {
    event.preventDefault();
    const values = new FormData(event.currentTarget as HTMLFormElement);
    setFilter({ person: String(values.get("person") ?? ""), action: String(values.get("action") ?? "") });
    setBegins([]);
  };
  return (
    <>
      <h2>Changes</h2>
      <form class="form" onSubmit={show}>
        <label>
          Person
          <input name="person" maxLength={254} placeholder="part of an e-mail address" />
        </label>
        <label>
          What
          <select name="action">
            <option value="">all changes</option>
            {Object.entries(auditWords).map(([action, words]) => (
              <option key={action} value={action}>
                {words}
              </option>
            ))}
          </select>
        </label>
        <button type="submit" class="primary">
          Show
        </button>
      </form>
      <Problem text={data.problem} />
      <Table name="Changes" columns={["When", "Who", "What", "Whom or what", "Details"]} none="No changes.">
        {entries.map(({ id, at, actor, action, target, detail }) => (
          <tr key={id}>
            <td>{when(at)}</td>
            <td>{actor}</td>
            <td>{auditWords[action]}</td>
            <td>{target}</td>
            <td>{detailText(detail)}</td>
          </tr>
        ))}
      </Table>
      <nav class="pages" aria-label="Pages of changes">
        <Step title="Newer" possible={begins.length > 0} go={() => setBegins(begins.slice(0, -1))} />
        <span role="status">Page {begins.length + 1}</span>
        <Step title="Older" possible={next !== null} go={() => next !== null && setBegins([...begins, next])} />
      </nav>
    </>
  );
}

/** Stays in place at the last page, so that the focus does too. */
function Step({ title, possible, go }: { title: string; possible: boolean; go: () => void }): JSX.Element {
  return (
    <button type="button" aria-disabled={!possible} onClick={() => possible && go()}>
      {title}
    </button>
  );
}

function detailText(detail: Readonly<Record<string, unknown>>): string {
  const text = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));
  return Object.entries(detail)
    .map(([name, value]) => `${name}: ${text(value)}`)
    .join(", ");
}
