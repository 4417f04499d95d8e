/** Entry of the API's documentation. Bundled by app/build.ts. */
import { h, render } from "preact";
import { Docs } from "./docs/page.tsx";

const root = document.getElementById("app");
if (!root) throw new Error("docs.html: got no element #app; needs one. Restore app/web/docs.html.");
render(h(Docs, {}), root);
