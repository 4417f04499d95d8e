import { useRef, useState } from "preact/hooks";
import type { JSX, TargetedMouseEvent } from "preact";
import type { Document } from "../net/api.ts";
import {
  documents,
  documentsOpen,
  documentsProblem,
  hasKnowledge,
  refreshDocuments,
  removeDocument,
} from "../state/documents.ts";
import { acceptedEndings, addFiles, letGo, sendAgain, uploads, type Upload } from "../state/uploads.ts";
import { DeleteDialog } from "./delete-dialog.tsx";
import { CloseIcon, PlusIcon, TrashIcon } from "./icons.tsx";
import { Closing, Modal } from "./modal.tsx";

/** One's documents: add, see how far each is, delete. */
export function DocumentsDialog({ dragging }: { dragging: boolean }): JSX.Element {
  return (
    <Modal class="ask documents-dialog" titleId="documents-title" onClosed={() => (documentsOpen.value = false)}>
      {(leave) => (
        <div class={dragging ? "ask-content dragging" : "ask-content"}>
          <h2 id="documents-title">Your documents</h2>
          {hasKnowledge.value === false ? <Off /> : <Content />}
          <Closing leave={leave} />
        </div>
      )}
    </Modal>
  );
}

// Only administrators get here without a model: whoever cannot choose one is not shown what it would be for.
function Off(): JSX.Element {
  return (
    <p>
      Answers can draw on documents once a model for embeddings is chosen: <code>pulumi config set embeddingModel NAME</code>,
      then <code>./fidus up</code>. Until then nobody is shown this button but administrators.
    </p>
  );
}

function Content(): JSX.Element {
  const [asked, setAsked] = useState<Document | null>(null);
  const list = useRef<HTMLUListElement>(null);
  const input = useRef<HTMLInputElement>(null);
  const add = useRef<HTMLButtonElement>(null);
  const all = documents.value ?? [];
  const choose = (): void => {
    addFiles(input.current?.files ?? []);
    if (input.current) input.current.value = ""; // the same file may be chosen again
  };
  /** The row that had the focus is about to go: the next button takes it. */
  const passFocus = (): void => {
    requestAnimationFrame(() => (list.current?.querySelector("button") ?? add.current)?.focus());
  };
  const remove = async (document: Document): Promise<void> => {
    await removeDocument(document.id);
    setAsked(null);
    passFocus();
  };
  return (
    <>
      <p id="documents-rule">
        Only you find them, and answers draw on them where you say so. Text, Markdown, PDF or Word (.docx), up to 50 MB each.
      </p>
      <button
        ref={add}
        type="button"
        class="add-documents"
        aria-describedby="documents-rule"
        onClick={() => input.current?.click()}
      >
        <PlusIcon /> Add documents
      </button>
      <p class="drop-word" aria-hidden="true">
        or drop them on the page
      </p>
      <input ref={input} type="file" hidden multiple accept={acceptedEndings.join(",")} onChange={choose} />
      <div role="alert">
        {documentsProblem.value !== null && (
          <p class="error">
            Your documents could not be read. {documentsProblem.value.title}{" "}
            <button type="button" class="quiet small" onClick={() => void refreshDocuments()}>
              Try again
            </button>
          </p>
        )}
      </div>
      {documents.value?.length === 0 && uploads.value.length === 0 && <p class="muted">No documents yet.</p>}
      <ul class="documents" aria-label="Documents" ref={list}>
        {uploads.value.map((upload) => (
          <UploadRow key={upload.key} upload={upload} passFocus={passFocus} />
        ))}
        {all.map((document) => (
          <DocumentRow key={document.id} document={document} ask={() => setAsked(document)} />
        ))}
      </ul>
      {asked && (
        <DeleteDialog
          title="Delete this document?"
          text={`“${asked.name}” is deleted for good, with its text. Answers that drew on it stay.`}
          remove={() => remove(asked)}
          close={() => setAsked(null)}
        />
      )}
    </>
  );
}

function UploadRow({ upload, passFocus }: { upload: Upload; passFocus: () => void }): JSX.Element {
  const { key, file, state, sent, problem, again } = upload;
  const refused = state === "refused";
  const drop = (): void => {
    letGo(key);
    passFocus();
  };
  const retry = (event: TargetedMouseEvent<HTMLButtonElement>): void => {
    const row = event.currentTarget.closest("li");
    sendAgain(key);
    // This button is about to go: the one beside it takes the focus.
    requestAnimationFrame(() => row?.querySelector("button")?.focus());
  };
  return (
    <li class={refused ? "document refused" : "document"}>
      <div>
        <strong>{file.name}</strong>
        <span class="document-state">{refused ? `Not added. ${problem ?? ""}` : uploadText(upload)}</span>
        {state === "sending" && <progress aria-label={`Upload of ${file.name}`} max={1} value={sent < 1 ? sent : undefined} />}
      </div>
      {again && refused && (
        <button type="button" class="small" aria-label={`Send ${file.name} again`} onClick={retry}>
          Try again
        </button>
      )}
      <button type="button" class="quiet" aria-label={refused ? `Dismiss ${file.name}` : `Stop ${file.name}`} onClick={drop}>
        <CloseIcon />
      </button>
    </li>
  );
}

function uploadText({ state, sent }: Upload): string {
  if (state === "waiting") return "Waiting for the one before it …";
  return sent < 1 ? `Uploading, ${Math.floor(sent * 100)} % …` : "Reading …";
}

function DocumentRow({ document, ask }: { document: Document; ask: () => void }): JSX.Element {
  const { name, bytes, state, chunks, embedded } = document;
  return (
    <li class={`document ${state}`}>
      <div>
        <strong>{name}</strong>
        <span class="document-state">
          {sizeText(bytes)} · {stateText(document)}
        </span>
        {state === "embedding" && <progress aria-label={`Embedding of ${name}`} max={chunks} value={embedded} />}
      </div>
      <button type="button" class="quiet" aria-label={`Delete ${name}`} onClick={ask}>
        <TrashIcon />
      </button>
    </li>
  );
}

function stateText({ state, chunks, embedded }: Document): string {
  switch (state) {
    case "queued":
      return "Queued";
    case "embedding":
      return `Embedding, ${embedded} of ${chunks} passages`;
    case "ready":
      return "Ready";
    case "failed":
      return "Failed: answers cannot draw on all of it yet. It is tried again.";
    default:
      return state satisfies never;
  }
}

function sizeText(bytes: number): string {
  if (bytes < 1_024 * 1_024) return `${Math.max(1, Math.round(bytes / 1_024))} kB`;
  return `${(bytes / 1_024 / 1_024).toFixed(1)} MB`;
}
