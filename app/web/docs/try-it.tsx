import { useRef, useState } from "preact/hooks";
import type { JSX } from "preact";
import { exampleOf, fileOf, jsonOf, type Operation } from "./openapi.ts";

interface TryItProps {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
  /** "": the session of the browser is used. */
  readonly apiKey: string;
}
interface Said {
  readonly status: string;
  readonly body: string;
}

/** A form that calls the operation on this server and shows what it says, streams as they come. */
export function TryIt({ method, path, operation, apiKey }: TryItProps): JSX.Element {
  const [said, setSaid] = useState<Said | null>(null);
  const running = useRef<AbortController | null>(null);
  const [busy, setBusy] = useState(false);
  const { parameters = [] } = operation;
  const [json, file] = [jsonOf(operation), fileOf(operation)];
  const example = json && JSON.stringify(exampleOf(json), null, 2);

  const send = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (busy) return;
    const values = new FormData(event.currentTarget as HTMLFormElement);
    const value = (name: string): string => String(values.get(name) ?? "").trim();
    const abort = new AbortController();
    running.current = abort;
    setBusy(true);
    setSaid({ status: "Sent …", body: "" });
    try {
      const query = parameters.filter((one) => one.in === "query" && value(one.name) !== "");
      const search = new URLSearchParams(query.map(({ name }) => [name, value(name)])).toString();
      const address = path.replace(/\{(\w+)\}/g, (_whole, name: string) => encodeURIComponent(value(name)));
      const response = await fetch(address + (search === "" ? "" : `?${search}`), {
        method,
        headers: {
          "X-Fidus-CSRF": "1",
          ...(apiKey === "" ? {} : { Authorization: `Bearer ${apiKey}` }),
          ...(json ? { "Content-Type": "application/json" } : {}),
        },
        ...(json ? { body: value("body") } : file === undefined ? {} : { body: formOf(file, values.get(file)) }),
        signal: abort.signal,
        redirect: "manual",
      });
      await show(response, setSaid);
    } catch (error) {
      const status = abort.signal.aborted ? "Stopped." : `No answer: ${error instanceof Error ? error.message : String(error)}`;
      setSaid((before) => ({ status, body: before?.body ?? "" }));
    }
    setBusy(false);
  };
  const name = `${method} ${path}`;
  return (
    <form class="try" aria-label={`Try ${name}`} onSubmit={(event) => void send(event)}>
      {parameters.map((parameter) => (
        <label key={parameter.name}>
          {parameter.name}
          <input name={parameter.name} required={parameter.required} autocomplete="off" />
        </label>
      ))}
      {file !== undefined && (
        <label>
          {file}
          <input type="file" name={file} required />
        </label>
      )}
      {example !== undefined && (
        <label>
          Body
          <textarea name="body" rows={Math.min(14, example.split("\n").length + 1)} spellcheck={false}>
            {example}
          </textarea>
        </label>
      )}
      <div class="try-buttons">
        <button type="submit" class="primary" aria-disabled={busy}>
          Send
        </button>
        {busy && (
          <button type="button" onClick={() => running.current?.abort()}>
            Stop
          </button>
        )}
      </div>
      <div role="status">{said && <strong>{said.status}</strong>}</div>
      {said !== null && said.body !== "" && (
        <pre tabIndex={0} role="region" aria-label={`Answer of ${name}`}>
          {said.body}
        </pre>
      )}
    </form>
  );
}

function formOf(field: string, file: FormDataEntryValue | null): FormData {
  const form = new FormData();
  if (file !== null) form.append(field, file);
  return form;
}

async function show(response: Response, setSaid: (said: Said) => void): Promise<void> {
  if (response.type === "opaqueredirect") return setSaid({ status: "It leads the browser elsewhere.", body: "" });
  const status = `${response.status} ${response.statusText}`;
  let body = "";
  const reader = response.body
    ?.pipeThrough(new TextDecoderStream() as unknown as TransformStream<Uint8Array, string>)
    .getReader();
  for (let next = await reader?.read(); next && !next.done; next = await reader?.read()) {
    body += next.value;
    setSaid({ status, body });
  }
  setSaid({ status, body: pretty(body) });
}

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
