/** Entry of the administration page: finds out who is signed in, then draws. Bundled by app/build.ts. */
import { h, render } from "preact";
import { AdminApp } from "./admin/app.tsx";
import { checkSession } from "./state/session.ts";

const root = document.getElementById("app");
if (!root) throw new Error("admin.html: got no element #app; needs one. Restore app/web/admin.html.");

// A page taken from the back/forward cache may belong to a session that has ended: ask the server again.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

void checkSession();
render(h(AdminApp, {}), root);
