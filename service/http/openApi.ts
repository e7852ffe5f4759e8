import * as z from "zod";
import { problemSchema } from "../../protocol/problem.ts";
import { routes } from "../../protocol/routes.ts";
import type { Route } from "../../protocol/route.ts";
import { programVersion } from "../../protocol/version.ts";

/** The route table as an OpenAPI 3.1 document. */
export function openApiDocument(): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [name, row] of Object.entries<Route>(routes))
    (paths[row.path] ??= {})[row.method.toLowerCase()] = operation(name, row);
  return {
    openapi: "3.1.0",
    info: {
      title: "hwLedger Fleet",
      version: programVersion,
      description:
        "Mutual TLS: every route but /v1/join needs a client certificate of the fleet. Errors are application/problem+json.",
    },
    paths,
    components: { schemas: { Problem: jsonSchema(problemSchema, "output") } },
  };
}

function operation(name: string, row: Route): Record<string, unknown> {
  const problem = { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } };
  return {
    operationId: name,
    summary: row.summary,
    description: accessText(row),
    parameters: [...parameters(row.params, "path"), ...parameters(row.query, "query")],
    ...(row.body === null ? {} : { requestBody: { required: true, content: bodyContent(row.body) } }),
    responses: {
      [row.status]: { description: "Done", content: answerContent(row.answer) },
      default: { description: "A problem", content: problem },
    },
  };
}

function accessText({ access, lapsed = false }: Route): string {
  if (access === "anyone") return "Anyone.";
  if (access === "bearer") return "Every member, by certificate or by bundle token.";
  return `Roles: ${access.join(", ")}.${lapsed ? " Also with a certificate that has run out." : ""}`;
}

function bodyContent(body: z.ZodType | "tar"): Record<string, unknown> {
  if (body === "tar") return { "application/x-tar": { schema: { type: "string", format: "binary" } } };
  return { "application/json": { schema: jsonSchema(body, "input") } };
}

function answerContent(answer: Route["answer"]): Record<string, unknown> {
  if (answer === "bytes")
    return { "application/octet-stream": { schema: { type: "string", format: "binary" } } };
  if (answer === "events") return { "text/event-stream": { schema: { type: "string" } } };
  if (answer === "text") return { "text/plain": { schema: { type: "string" } } };
  return { "application/json": { schema: jsonSchema(answer, "output") } };
}

function parameters(schema: z.ZodType, place: "path" | "query"): unknown[] {
  const object = jsonSchema(schema, "input") as { properties?: Record<string, unknown>; required?: string[] };
  return Object.entries(object.properties ?? {}).map(([name, property]) => ({
    name,
    in: place,
    required: place === "path" || (object.required ?? []).includes(name),
    schema: property,
  }));
}

function jsonSchema(schema: z.ZodType, io: "input" | "output"): Record<string, unknown> {
  return z.toJSONSchema(schema, { target: "draft-2020-12", io, unrepresentable: "any" });
}
