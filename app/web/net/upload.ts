/** Sends files. `fetch` tells nothing of how much has gone out, so this is XMLHttpRequest. */
import { ApiError, refused, type Document } from "./api.ts";

interface UploadOptions {
  /** Told how much has gone out, 0 to 1; at 1 the server reads the file. */
  readonly progress: (sent: number) => void;
  readonly signal: AbortSignal;
}

/** Adds a document. Throws ApiError, as every call of the API; an abort is one with the code `aborted`. */
export function uploadDocument(file: File, { progress, signal }: UploadOptions): Promise<Document> {
  const form = new FormData();
  form.append("file", file);
  const call = new XMLHttpRequest();
  call.open("POST", "/api/v1/documents");
  call.setRequestHeader("X-Fidus-CSRF", "1");
  call.responseType = "json";
  call.upload.onprogress = ({ loaded, total }) => progress(total > 0 ? loaded / total : 0);
  call.upload.onload = () => progress(1);
  signal.addEventListener("abort", () => call.abort());
  return new Promise((resolve, reject) => {
    call.onload = () => {
      if (call.status < 300 && call.response !== null) resolve(call.response as Document);
      else reject(refused(call.status, call.response, Number(call.getResponseHeader("Retry-After")) || null));
    };
    call.onerror = () => reject(new ApiError(0, "network", "No connection."));
    call.onabort = () => reject(new ApiError(0, "aborted", ""));
    call.send(form);
  });
}
