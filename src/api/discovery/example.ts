/**
 * A deploy that works unchanged. Validators pay with it, and people paste it. It has no single quotes, because the shell
 * commands put it between them.
 */
export const exampleRequest = {
  files: {
    "src/index.ts": [
      'import { Hono } from "hono"',
      "",
      "const app = new Hono()",
      'app.get("/", (c) => c.json({ hello: "world" }))',
      "",
      "export default app",
      ""
    ].join("\n")
  },
  name: "my-api"
}

/** The same with a package of npm, for services that install packages. */
export const exampleWithPackage = {
  files: {
    "package.json": '{"dependencies":{"zod":"^4"}}',
    "src/index.ts": [
      'import { Hono } from "hono"',
      'import { z } from "zod"',
      "",
      "const app = new Hono()",
      'app.get("/", (c) => c.json({ hello: z.string().parse("world") }))',
      "",
      "export default app",
      ""
    ].join("\n")
  },
  name: "my-api"
}

const exampleId = "dep_3v8k2m9qw4x7c1h5n0t6r2yjzb8s1f6dqk0m4wtx"

/** The answer to the example deploy. */
export const exampleDeployment = {
  url: "https://jane-my-api.runjack.xyz",
  deployment_id: exampleId,
  expires_at: "2026-03-27T21:00:00Z",
  ttl_hours: 24
}

/** How an error refers to the example deploy. */
export const exampleLinks = {
  deployment_id: exampleId,
  status_url: `https://compute.example/deployments/${exampleId}`
}

/** The key to repeat the example with. */
export const exampleRetry = { idempotency_key: "key_5f0c8e2d7b1a4693a0c1d2e3f4a5b6c7" }

/** A run that works unchanged. */
export const exampleExecution = {
  code: "export function run(input) { return { sum: input.a + input.b } }",
  input: { a: 2, b: 3 }
}

/** The answer to the example run. */
export const exampleResult = { result: { sum: 5 }, duration_ms: 1, limits: { cpu_ms_limit: 50 } }

/** The status of a deploy with a package. */
export const exampleStatus = {
  deployment_id: exampleId,
  url: exampleDeployment.url,
  status: "live",
  created_at: "2026-03-26T20:59:57Z",
  updated_at: "2026-03-26T21:00:00Z",
  verified_at: "2026-03-26T21:00:01Z",
  expires_at: exampleDeployment.expires_at,
  charged: true,
  taken_down: null,
  report_url: "/reports",
  last_failure: null,
  warnings: [],
  lock: { "zod@^4": "zod@4.6.7 sha512-…" }
}

/** A report that works unchanged for a site of that URL. */
export const exampleReport = {
  url: exampleDeployment.url,
  reason: "It asks for passwords of a bank.",
  contact: "me@mail.example"
}

/** The body of a deploy of a whole project: a database, a namespace, static files and a secret. */
export const exampleProject = {
  files: {
    "wrangler.jsonc":
      '{"main": "src/index.ts", "kv_namespaces": [{"binding": "CACHE"}], "assets": {"directory": "public"}, ' +
      '"d1_databases": [{"binding": "DB", "database_name": "todos"}]}',
    "migrations/0001_init.sql": "CREATE TABLE todos (id INTEGER PRIMARY KEY, text TEXT NOT NULL);",
    "public/index.html": "<h1>Todos</h1>",
    "src/index.ts":
      "export default { async fetch(request, { DB, CACHE, API_KEY }) { " +
      'return Response.json((await DB.prepare("SELECT * FROM todos").all()).results) } }'
  },
  env: { API_KEY: "sk_…" }
} as const
