import { z } from "zod";
import { errorTable } from "../../errors.ts";
import { operations, type Access, type Operation } from "./operations.ts";

type Json = Readonly<Record<string, unknown>>;

/** Our OpenAPI 3.1 document. `auth`: the sign-ins beside passwords that this installation has. */
export function openApiDocument(version: string, auth: readonly ("oidc" | "mock")[]): Json {
  const shown = operations.filter(({ only }) => only === undefined || auth.includes(only));
  const paths: Record<string, Record<string, Json>> = {};
  for (const operation of shown) (paths[operation.path] ??= {})[operation.method] = operationObject(operation);
  return {
    openapi: "3.1.0",
    info: {
      title: "Fidus",
      version,
      description:
        "`/v1` speaks OpenAI's protocol with a key as bearer. `/api/v1` is the API of the pages: by the session's cookie (changes need the header `X-Fidus-CSRF`) or by a key with the scope named.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    tags: [...new Set(shown.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        key: { type: "http", scheme: "bearer", description: "An API key: fidus_…" },
        session: {
          type: "apiKey",
          in: "cookie",
          name: "fidus_session",
          description: "Set by the sign-in; its name ends in the port.",
        },
      },
      schemas: { Error: z.toJSONSchema(errorBody, { target: "draft-2020-12" }) },
    },
  };
}

const errorBody = z.object({
  error: z.looseObject({
    code: z.string().describe(`One of ${Object.keys(errorTable).join(", ")}; below /v1 also OpenAI's own.`),
    message: z.string(),
  }),
});

function operationObject({
  method,
  path,
  tag,
  access,
  summary,
  body,
  file,
  query,
  status = 200,
  type = "application/json",
}: Operation): Json {
  const parameters = [...pathParameters(path), ...(query === undefined ? [] : queryParameters(query))];
  const schema = type === "application/json" ? {} : { type: "string" };
  return {
    operationId: `${method} ${path}`.replaceAll(/[^a-z0-9]+/gi, "_").replace(/_$/, ""),
    tags: [tag],
    summary,
    ...(access === "public" ? {} : { description: words[access] }),
    security: security(access),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: bodyOf("application/json", schemaOf(body)) }),
    ...(file === undefined ? {} : { requestBody: bodyOf("multipart/form-data", formOf(file)) }),
    responses: {
      [status]: { description: "Done.", ...(type === null ? {} : { content: { [type]: { schema } } }) },
      default: { description: "Not done.", content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } } },
    },
  };
}

function bodyOf(type: string, schema: Json): Json {
  return { required: true, content: { [type]: { schema } } };
}

function formOf(file: string): Json {
  return { type: "object", properties: { [file]: { type: "string", format: "binary" } }, required: [file] };
}

const words: Readonly<Record<Exclude<Access, "public">, string>> = {
  key: "A key with the scope `chat`; listing models needs none.",
  embeddings: "A key with the scope `embeddings`.",
  user: "Signed in, or any key.",
  chat: "Signed in, or a key with the scope `chat`.",
  documents: "Signed in, or a key with the scope `documents`.",
  account: "Signed in, or a key with the scope `account`.",
  admin: "An administrator, signed in or by a key with the scope `admin`.",
};

function security(access: Access): Json[] {
  if (access === "public") return [];
  return access === "key" || access === "embeddings" ? [{ key: [] }] : [{ session: [] }, { key: [] }];
}

function pathParameters(path: string): Json[] {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
  return names.map((name) => ({ name, in: "path", required: true, schema: { type: "string" } }));
}

function queryParameters(query: z.ZodObject): Json[] {
  const { properties = {}, required = [] } = schemaOf(query) as { properties?: Record<string, Json>; required?: string[] };
  return Object.entries(properties).map(([name, schema]) => ({ name, in: "query", required: required.includes(name), schema }));
}

/** What a caller may send: before defaults and transformations. */
function schemaOf(type: z.ZodType): Json {
  const { $schema: _, ...schema } = z.toJSONSchema(type, { io: "input", unrepresentable: "any", target: "draft-2020-12" });
  return schema;
}
