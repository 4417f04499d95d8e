import { Router } from "express";
import type { Context } from "../../context.ts";
import { openApiDocument } from "./document.ts";

/** Our OpenAPI document, made once it is asked for. Public: it says nothing of anybody. */
export function createOpenApiRouter({ config }: Pick<Context, "config">): Router {
  const router = Router();
  let text: string | null = null;
  router.get("/api/v1/openapi.json", (_req, res) => {
    const { oidc, provider } = config.auth;
    text ??= JSON.stringify(
      openApiDocument(config.version, [
        ...(oidc === null ? [] : ["oidc" as const]),
        ...(provider === "mock" ? ["mock" as const] : []),
      ]),
    );
    res.set("cache-control", "no-cache").type("application/json").send(text);
  });
  return router;
}
