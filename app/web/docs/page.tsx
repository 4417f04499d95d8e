import { useEffect, useState } from "preact/hooks";
import type { JSX } from "preact";
import { answersOf, failuresOf, jsonOf, type OpenApi, type Operation, type Schema } from "./openapi.ts";
import { TryIt } from "./try-it.tsx";

/** The API's documentation, read from the document that this server gives, and a form to try each operation. */
export function Docs(): JSX.Element {
  const [document, setDocument] = useState<OpenApi | null>(null);
  const [failed, setFailed] = useState(false);
  const [key, setKey] = useState("");
  useEffect(() => {
    fetch("/api/v1/openapi.json")
      .then(async (response) => setDocument((await response.json()) as OpenApi))
      .catch(() => setFailed(true));
  }, []);
  return (
    <main class="docs">
      <div class="docs-head">
        <h1>The API of Fidus</h1>
        {document && (
          <p class="muted">
            Version {document.info.version}. The same as a document: <a href="/api/v1/openapi.json">/api/v1/openapi.json</a>
          </p>
        )}
        {document?.info.description.split("`").map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : part))}
        <label>
          API key for trying (stays on this page)
          <input
            type="password"
            autocomplete="off"
            placeholder="fidus_…; without one, your sign-in is used"
            value={key}
            onInput={(event) => setKey(event.currentTarget.value)}
          />
        </label>
      </div>
      {failed && <p class="error">The document cannot be read. Check your connection and load this page again.</p>}
      {!document && !failed && <p class="muted">Reading the document …</p>}
      {document?.tags.map(({ name }) => (
        <section key={name}>
          <h2>{name}</h2>
          {operationsOf(document, name).map((operation) => (
            <OperationView key={operation.operation.operationId} {...operation} apiKey={key} />
          ))}
        </section>
      ))}
    </main>
  );
}

interface Placed {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

function operationsOf(document: OpenApi, tag: string): Placed[] {
  const all = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
  return all.filter(({ operation }) => operation.tags.includes(tag));
}

function OperationView({ method, path, operation, apiKey }: Placed & { apiKey: string }): JSX.Element {
  const [open, setOpen] = useState(false);
  const schema = jsonOf(operation);
  return (
    <details class="operation" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <span class="verb">{method}</span>
        <code>{path}</code>
        <span>{operation.summary.replaceAll("`", "")}</span>
      </summary>
      {open && (
        <div class="operation-content">
          <p class="muted">{operation.description?.replaceAll("`", "") ?? "Anybody may call it."}</p>
          {schema && (
            <>
              <h3>What the body may hold</h3>
              <SchemaView name={`Schema of ${method} ${path}`} schema={schema} />
            </>
          )}
          <h3>What it answers</h3>
          {answersOf(operation).map(({ status, type, schema: answer }) => (
            <div key={`${status} ${type}`}>
              <p>
                <strong>{status}</strong> {type === null ? "without content" : <code>{type}</code>}
              </p>
              {answer && <SchemaView name={`Answer ${status} of ${method} ${path} as ${type}`} schema={answer} />}
            </div>
          ))}
          <Failures operation={operation} />
          <TryIt method={method} path={path} operation={operation} apiKey={apiKey} />
        </div>
      )}
    </details>
  );
}

function SchemaView({ name, schema }: { name: string; schema: Schema }): JSX.Element {
  return (
    <pre tabIndex={0} role="region" aria-label={name}>
      {JSON.stringify(schema, null, 2)}
    </pre>
  );
}

function Failures({ operation }: { operation: Operation }): JSX.Element | null {
  const failures = failuresOf(operation);
  if (failures.length === 0) return null;
  return (
    <>
      <h3>How it fails</h3>
      <dl class="failures">
        {failures.map(({ status, text }) => (
          <div key={status}>
            <dt>{status}</dt>
            <dd>{text.replaceAll("`", "")}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}
