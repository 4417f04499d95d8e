/** Entry of the chat page: finds out who is signed in, then draws. Bundled by app/build.ts. */
import { h, render } from "preact";
import { followAddress } from "./state/threads.ts";
import { followDocuments } from "./state/documents.ts";
import { followModels } from "./state/models.ts";
import { checkSession } from "./state/session.ts";
import { App } from "./view/app.tsx";

const root = document.getElementById("app");
if (!root) throw new Error("index.html: got no element #app; needs one. Restore app/web/index.html.");

// A page taken from the back/forward cache may belong to a session that has ended: ask the server again.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

followAddress();
followModels();
followDocuments();
void checkSession();
render(h(App, {}), root);
