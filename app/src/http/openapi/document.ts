import { z } from "zod";
import { budgetKinds } from "../../budget/ledger.ts";
import { answers, events, tables } from "./answers.ts";
import { errorSchemas, failureResponses, headers } from "./failures.ts";
import { operations, type Access, type Operation } from "./operations.ts";
import { requestSchema, responseSchema } from "./schema.ts";

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
      schemas: errorSchemas,
    },
  };
}

function operationObject(operation: Operation): Json {
  const { method, path, tag, access, summary, body, file, query, status = 200, type = "application/json" } = operation;
  const parameters = [...pathParameters(path), ...(query === undefined ? [] : queryParameters(query))];
  const done = { description: "Done.", headers, ...(type === null ? {} : { content: contents(operation, type) }) };
  return {
    operationId: `${method} ${path}`.replaceAll(/[^a-z0-9]+/gi, "_").replace(/_$/, ""),
    tags: [tag],
    summary,
    ...(access === "public" ? {} : { description: words[access] }),
    security: security(access),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: bodyOf("application/json", requestSchema(body)) }),
    ...(file === undefined ? {} : { requestBody: bodyOf("multipart/form-data", formOf(file)) }),
    responses: {
      [status]: done,
      ...(path === "/health/ready" ? { 503: { ...done, description: "Not ready, and why." } } : {}),
      ...failureResponses(operation),
    },
  };
}

function bodyOf(type: string, schema: Json): Json {
  return { required: true, content: { [type]: { schema } } };
}

function formOf(file: string): Json {
  return { type: "object", properties: { [file]: { type: "string", format: "binary" } }, required: [file] };
}

/** A success may come in another form too: a stream in place of the whole, a table in place of a document. */
function contents({ method, path }: Operation, type: string): Json {
  const operation = `${method} ${path}`;
  const [answer, event] = [answers[operation], events[operation]];
  return {
    ...(event === undefined ? {} : { "text/event-stream": { schema: responseSchema(event) } }),
    ...(tables.includes(operation) ? { "text/csv": { schema: { type: "string" } } } : {}),
    ...(answer === undefined ? {} : { "application/json": { schema: responseSchema(answer) } }),
    ...(answer === undefined && event === undefined ? { [type]: { schema: { type: "string" } } } : {}),
  };
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
  // Models have names, all else has ids.
  const schemaOf = (name: string): Json => {
    if (name === "kind") return requestSchema(z.enum(budgetKinds));
    if (name === "position") return requestSchema(z.int().min(1));
    const isId = /^(id|messageId)$/.test(name) && !path.startsWith("/v1/");
    return requestSchema(isId ? z.uuid() : z.string().min(1).max(200));
  };
  return names.map((name) => ({ name, in: "path", required: true, schema: schemaOf(name) }));
}

function queryParameters(query: z.ZodObject): Json[] {
  const { properties = {}, required = [] } = requestSchema(query) as { properties?: Record<string, Json>; required?: string[] };
  return Object.entries(properties).map(([name, schema]) => ({ name, in: "query", required: required.includes(name), schema }));
}
