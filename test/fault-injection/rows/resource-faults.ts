import { setTimeout as sleep } from "node:timers/promises"
import type { Answer } from "../agent.ts"
import { intercept } from "../intercept.ts"
import { each, expect, type Fault, type Harness, type Run } from "../fault.ts"
import { type ProxiedResponse, reply } from "../proxy.ts"
import { killedAt } from "./crash-faults.ts"

const config = JSON.stringify({ d1_databases: [{ binding: "DB", database_name: "todos" }] })
const todos = "CREATE TABLE todos (id INTEGER PRIMARY KEY, text TEXT); INSERT INTO todos (text) VALUES ('one')"
const users = "CREATE TABLE users (id INTEGER PRIMARY KEY)"

/** A project whose site answers the slug if both migrations were applied once. */
const project =
  (second: string) =>
  (slug: string): Readonly<Record<string, string>> => ({
    "wrangler.jsonc": config,
    "migrations/0001_todos.sql": todos,
    "migrations/0002_users.sql": second,
    "index.ts": `export default {
  async fetch(request: Request, env: any) {
    const { results } = await env.DB.prepare("SELECT text FROM todos").all()
    await env.DB.prepare("SELECT id FROM users").all()
    return new Response(results.length === 1 ? ${JSON.stringify(slug)} : "migrated twice")
  }
}`
  })

const files = project(users)

interface Resource {
  readonly id: string
  readonly resource_type: string
}

/** Returns the path of a run's project at the control plane, and its databases. */
const databasesOf = async (harness: Harness, run: Run) => {
  const found = await harness.controlPlane("GET", `projects/by-slug/${run.slug}`)
  const { project } = (await found.json()) as { project: { id: string } }
  const path = `projects/${project.id}/resources`
  const { resources } = (await (await harness.controlPlane("GET", path)).json()) as {
    resources: ReadonlyArray<Resource>
  }
  return { path, databases: resources.filter(({ resource_type }) => resource_type === "d1") }
}

const expectOneDatabase = async (harness: Harness, run: Run) => {
  const { databases } = await databasesOf(harness, run)
  expect(run, databases.length === 1, `the project has ${databases.length} databases`)
}

/** Deletes the database that the control plane makes with a project, so that the order creates one. */
const withoutDatabase = (harness: Harness, runs: ReadonlyArray<Run>) =>
  intercept(harness, "tag", runs, async (run, forward) => {
    const { path, databases } = await databasesOf(harness, run)
    for (const { id } of databases) await harness.controlPlane("DELETE", `${path}/${id}`)
    return forward()
  })

/** The first request of a step takes effect, and its answer is replaced. Then there must be one database. */
const answered = (step: "database" | "migrate", answer: () => ProxiedResponse) =>
  each(async (harness, run) => {
    withoutDatabase(harness, [run])
    intercept(harness, step, [run], async (_, forward) => {
      run.injected = true
      await forward()
      return answer()
    })
    await run.agent.callUntilDone(run.body, run.key)
    await expectOneDatabase(harness, run)
  })

/** Kills the gateway at a step of projects whose database the order creates. */
const killedWithout =
  (...at: Parameters<typeof killedAt>): Fault["attack"] =>
  async (harness, runs) => {
    withoutDatabase(harness, runs)
    await killedAt(...at)(harness, runs)
  }

/** A busy machine answers with 503 or 409 first. A call is repeated for this long, in milliseconds. */
const BUSY_MS = 180_000

/** Repeats a call until its answer is the wanted one, and returns whether it was. */
const callUntil = async ({ agent }: Run, isWanted: (answer: Answer) => boolean, call: () => Promise<unknown>) => {
  for (const end = Date.now() + BUSY_MS; Date.now() < end; await sleep(2000)) {
    await call().catch(() => {})
    const answer = agent.answers.at(-1)
    if (answer !== undefined && isWanted(answer)) return true
  }
  return false
}

/** The database refuses the second migration, and one PUT mends it. */
const refused = each(async (harness, run) => {
  const isRefused = ({ status, text }: Answer) =>
    status === 502 && text.includes("0002_users.sql") && text.includes('"fault":"code"')
  run.injected = await callUntil(run, isRefused, () => run.agent.call(run.body, run.key))
  const put = {
    method: "PUT",
    body: JSON.stringify({ files: files(run.slug) }),
    headers: { "content-type": "application/json" }
  }
  const url = `${harness.info.gateway}/deployments/${run.agent.answers.at(-1)?.deployment_id}`
  await callUntil(
    run,
    ({ status }) => status === 200,
    () => run.agent.pay(url, put)
  )
  await expectOneDatabase(harness, run)
})

/** The upload is live, and the host refuses its secrets. */
const secretsRefused = each(async (harness, run) => {
  intercept(harness, "upload", [run], async (_, forward) => {
    await forward()
    run.injected = true
    return reply(500, { error: "internal_error", message: "Cloudflare API error: secrets cannot be set" })
  })
  await run.agent.callUntilDone(run.body, run.key)
})

/** Faults of the resources that a project needs. */
export const resourceFaults: ReadonlyArray<Fault> = [
  { name: "database create's answer lost", runs: 10, files, attack: answered("database", () => "cut") },
  {
    name: "database create answers text/plain 500",
    runs: 10,
    files,
    attack: answered("database", () => reply(500, "Internal Server Error"))
  },
  { name: "migration's answer lost", runs: 10, files, attack: answered("migrate", () => "cut") },
  { name: "migration refused", runs: 10, files: project("INSERT INTO nobody VALUES (1)"), attack: refused },
  {
    name: "secrets refused after the upload",
    runs: 10,
    secret: "API_KEY",
    files: (slug) => ({
      "index.ts": `export default { fetch: (request: Request, env: any) => new Response(env.API_KEY?.endsWith("${slug}") ? "${slug}" : "no secret") }`
    }),
    attack: secretsRefused
  },
  {
    name: "killed: database created, unanswered",
    runs: 10,
    alone: true,
    kills: true,
    files,
    attack: killedWithout("database", "after")
  },
  {
    name: "killed: first migration applied, unanswered",
    runs: 10,
    alone: true,
    kills: true,
    files,
    attack: killedWithout("migrate", "after")
  },
  {
    name: "killed: database and migrations there, upload sent late",
    runs: 10,
    alone: true,
    kills: true,
    files,
    attack: killedWithout("upload", "before, then let through")
  }
]
