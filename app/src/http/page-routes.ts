import { extname, join } from "node:path";
import express, { Router } from "express";
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

/**
 * The built page: `/static/*` for ever (names carry a hash), `index.html` never cached, and every other path that a
 * browser asks for as a page answers with it (single-page fall-back). A missing asset is 404, not a page.
 */
export function createPageRouter(webRoot: string, publicUrl: URL): Router {
  const router = Router();
  router.use(
    helmet({
      contentSecurityPolicy: pagePolicy,
      strictTransportSecurity: publicUrl.protocol === "https:" ? { maxAge: 31_536_000, includeSubDomains: true } : false,
      referrerPolicy: { policy: "no-referrer" },
    }),
  );
  router.use(
    "/static",
    express.static(join(webRoot, "static"), { immutable: true, maxAge: "365d", index: false, redirect: false }),
  );
  router.use("/static", () => {
    throw new AppError("not_found");
  });
  router.use(express.static(webRoot, { index: false, redirect: false, maxAge: "1h", dotfiles: "ignore" }));
  router.get("/{*path}", (req, res, next) => {
    const notAPage = /^\/(api|v1)(\/|$)|\/\./.test(req.path) || extname(req.path) !== "";
    if (notAPage || !req.accepts("html")) return next();
    res.set("cache-control", "no-cache");
    res.sendFile("index.html", { root: webRoot, cacheControl: false });
  });
  return router;
}
