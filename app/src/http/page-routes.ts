import { extname, join } from "node:path";
import express, { Router, type Response } from "express";
import helmet from "helmet";
import { AppError } from "../errors.ts";

const self = ["'self'"];

/** Only what the page itself brings may run, and nothing is loaded from elsewhere. */
const pagePolicy = {
  useDefaults: false,
  directives: {
    defaultSrc: ["'none'"],
    scriptSrc: self,
    styleSrc: self,
    imgSrc: ["'self'", "data:"],
    fontSrc: self,
    connectSrc: self,
    manifestSrc: self,
    formAction: self,
    baseUri: ["'none'"],
    frameAncestors: ["'none'"],
  },
};

/** The pages beside the chat, and the paths that are theirs. */
const otherPages = { "admin.html": ["/admin", "/admin/{*path}"], "docs.html": ["/docs"] } as const;

/** Headers of every page and asset. */
function pageHeaders(publicUrl: URL): ReturnType<typeof helmet> {
  return helmet({
    contentSecurityPolicy: pagePolicy,
    strictTransportSecurity: publicUrl.protocol === "https:" ? { maxAge: 31_536_000, includeSubDomains: true } : false,
    referrerPolicy: { policy: "no-referrer" },
  });
}

function sendPage(res: Response, webRoot: string, name: string): void {
  res.set("cache-control", "no-cache");
  res.sendFile(name, { root: webRoot, cacheControl: false });
}

/** `/docs` alone: where a proxy stands before API and pages, it leads this one path to the API. Its assets are those of the pages. */
export function createDocsRouter(webRoot: string, publicUrl: URL): Router {
  const router = Router();
  router.get("/docs", pageHeaders(publicUrl), (_req, res) => sendPage(res, webRoot, "docs.html"));
  return router;
}

/**
 * The built pages: `/static/*` for ever (names carry a hash), `/admin/*` and `/docs` theirs, none of them cached, and every other
 * path that a browser asks for as a page answers with the chat (single-page fall-back). A missing asset is 404, not a page.
 */
export function createPageRouter(webRoot: string, publicUrl: URL): Router {
  const router = Router();
  router.use(pageHeaders(publicUrl));
  router.use(
    "/static",
    express.static(join(webRoot, "static"), { immutable: true, maxAge: "365d", index: false, redirect: false }),
  );
  router.use("/static", () => {
    throw new AppError("not_found");
  });
  for (const [name, paths] of Object.entries(otherPages)) {
    router.get([...paths], (_req, res) => sendPage(res, webRoot, name));
  }
  router.use(express.static(webRoot, { index: false, redirect: false, maxAge: "1h", dotfiles: "ignore" }));
  router.get("/{*path}", (req, res, next) => {
    const notAPage = /^\/(api|v1)(\/|$)|\/\./.test(req.path) || extname(req.path) !== "";
    if (notAPage || !req.accepts("html")) return next();
    sendPage(res, webRoot, "index.html");
  });
  return router;
}
