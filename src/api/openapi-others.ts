/** The routes that are no operations, as OpenAPI describes them. */
import { refused } from "./openapi-problems.js"

/** Whoever asks. */
const forAll = { security: [] }
const json = (schema: object) => ({ content: { "application/json": { schema } } })

const ready = json({
  type: "object",
  required: ["ready", "reasons"],
  properties: {
    ready: { type: "boolean" },
    reasons: { type: "array", items: { type: "string" } },
    parts: { type: "array", items: { type: "object" } },
  },
})

const who = json({
  type: "object",
  required: ["name", "scope", "position"],
  properties: {
    name: { type: "string" },
    scope: { enum: ["read", "operate", "admin"] },
    position: { type: "integer", description: "How far the ledger is: changes may be followed from there" },
  },
})

export const otherPaths = {
  "/livez": {
    get: {
      operationId: "livez",
      tags: ["health"],
      summary: "Whether the process answers",
      ...forAll,
      responses: {
        "200": {
          description: "It does",
          ...json({ type: "object", required: ["alive"], properties: { alive: { const: true } } }),
        },
        ...refused(400, 403, 429),
      },
    },
  },
  "/readyz": {
    get: {
      operationId: "readyz",
      tags: ["health"],
      summary: "Whether what it answers is true now",
      ...forAll,
      parameters: [
        { name: "verbose", in: "query", description: "Also what it rests on, one by one", schema: { type: "string" } },
      ],
      responses: {
        "200": { description: "It is", ...ready },
        ...refused(400, 403, 429),
        "503": { description: "It is not, and why", ...ready },
      },
    },
  },
  "/metrics": {
    get: {
      operationId: "metrics",
      tags: ["health"],
      summary: "Metrics for Prometheus",
      responses: {
        "200": { description: "In its text format", content: { "text/plain": { schema: { type: "string" } } } },
        ...refused(400, 401, 403, 429, 500, 503),
      },
    },
  },
  "/session": {
    get: {
      operationId: "session_show",
      tags: ["session"],
      summary: "Who is asking",
      responses: { "200": { description: "By token or session", ...who }, ...refused(400, 401, 403, 429, 500, 503) },
    },
    post: {
      operationId: "session_begin",
      tags: ["session"],
      summary: "Hold the token that is shown as a cookie",
      responses: {
        "200": { description: "Held", headers: { "Set-Cookie": { schema: { type: "string" } } }, ...who },
        ...refused(400, 401, 403, 429, 500, 503),
      },
    },
    delete: {
      operationId: "session_end",
      tags: ["session"],
      summary: "End the session of the cookie",
      ...forAll,
      responses: { "204": { description: "Ended, if there was one" }, ...refused(400, 403, 429) },
    },
  },
  "/mcp": {
    post: {
      operationId: "mcp",
      tags: ["mcp"],
      summary: "The Model Context Protocol over streamable HTTP, which describes itself",
      requestBody: { required: true, content: { "application/json": { schema: { type: "object" } } } },
      responses: {
        "200": {
          description: "What the protocol answers",
          content: Object.fromEntries(
            ["application/json", "text/event-stream"].map((type) => [type, { schema: { type: "string" } }]),
          ),
        },
        ...refused(400, 401, 403, 413, 415, 429, 500, 503),
      },
    },
  },
}
