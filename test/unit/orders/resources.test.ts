import * as Effect from "effect/Effect"
import { assert, describe, it } from "vitest"
import { testBundle } from "../../../src/bundler/testing.ts"
import { ControlPlaneUnavailable, QueryRejected } from "../../../src/control-plane/ControlPlaneClient.ts"
import { failsWith, losesItsAnswer } from "../../../src/control-plane/testing.ts"
import type { Equipment } from "../../../src/orders/build/equipment.ts"
import { testCredential } from "../../../src/payment/testing.ts"
import { deployment, makeGateway, problem, testSettings } from "../../support/gateway.ts"

const nothing = { kv: [], r2: [], database: null, durableObjects: null }
const todos = { name: "0001_todos.sql", sql: "CREATE TABLE todos (id INTEGER)" }
const users = { name: "0002_users.sql", sql: "CREATE TABLE users (id INTEGER);" }
const broken = { name: "0002_users.sql", sql: "CREAT TABLE users (id INTEGER)" }

const withDatabase = (...files: ReadonlyArray<{ readonly name: string; readonly sql: string }>): Equipment => ({
  resources: { ...nothing, database: "DB" },
  migrations: { table: "d1_migrations", files }
})

const config = '{\n  "d1_databases": [{ "binding": "DB" }],\n  "r2_buckets": [{ "binding": "FILES" }]\n}'
const headers = { "idempotency-key": "k" }
const body = (version: number, more: object = {}) =>
  JSON.stringify({ files: { "index.ts": `export default ${version}`, "wrangler.jsonc": config }, ...more })

/** Makes a gateway whose bundles need this; a test may change it. */
const make = (equipment: Equipment, settings: Record<string, string> = {}) => {
  const needs = { equipment }
  const gateway = makeGateway({
    settings: { ...testSettings, ...settings },
    bundle: (files) =>
      Effect.sync(() =>
        testBundle({
          code: String(files["index.ts"]),
          compatibilityFlags: ["nodejs_compat"],
          resources: nothing,
          ...needs.equipment
        })
      )
  })
  const pay = (version = 1, more = {}) => gateway.pay({ headers, body: body(version, more) })
  const put = async (id: string, version: number) => {
    const send = (more: Record<string, string> = {}) =>
      gateway.send(`/deployments/${id}`, {
        method: "PUT",
        body: body(version),
        headers: { "content-type": "application/json", ...more }
      })
    return send({ authorization: testCredential((await send()).headers.get("www-authenticate") ?? "", "0xpayer") })
  }
  const { host } = gateway
  const databases = () => [...host.databases.values()].flat()
  const called = (method: string) => host.calls.filter((call) => call.startsWith(`${method} `)).length
  return { ...gateway, needs, pay, put, databases, called }
}

const recorded = ({ databases }: ReturnType<typeof make>) =>
  databases().map(({ binding, tables }) => [binding, tables.get("d1_migrations"), [...tables.keys()]])

describe("a deploy with a database", () => {
  it("creates it, applies the migrations and uploads, in this order", async () => {
    const gateway = make(withDatabase(todos, users))
    await deployment(await gateway.pay())
    const steps = gateway.host.calls.map((call) => call.split(" ")[0])
    assert.deepStrictEqual(steps.slice(steps.indexOf("findDatabase")), [
      "findDatabase",
      "createDatabase",
      "execute",
      "query",
      "execute",
      "execute",
      "upload",
      "serves"
    ])
    assert.deepStrictEqual(recorded(gateway), [
      ["DB", ["0001_todos.sql", "0002_users.sql"], ["d1_migrations", "todos", "users"]]
    ])
  })

  for (const lost of ["createDatabase", "execute", "upload"] as const) {
    it(`goes on after the lost answer of ${lost}, with one database and each migration once`, async () => {
      const gateway = make(withDatabase(todos, users))
      gateway.host.next(lost, ...(lost === "execute" ? [losesItsAnswer, losesItsAnswer] : [losesItsAnswer]))
      const failed = await problem(await gateway.pay())
      assert.deepStrictEqual([failed.code, failed.charged, failed.fault], ["deploy_failed", true, "service"])
      while ((await gateway.pay()).status !== 200) assert.isBelow(gateway.host.calls.length, 60)
      assert.strictEqual(gateway.databases().length, 1)
      assert.deepStrictEqual(recorded(gateway)[0]?.[1], ["0001_todos.sql", "0002_users.sql"])
      assert.strictEqual(gateway.payments.captured.size, 1)
    })
  }

  it("asks for no second database while the first may still be created", async () => {
    const gateway = make(withDatabase(todos))
    let late: Effect.Effect<unknown, unknown> = Effect.void
    gateway.host.next("createDatabase", (call) => {
      late = call
      return Effect.fail(new ControlPlaneUnavailable({ message: "given up" }))
    })
    await problem(await gateway.pay())
    const again = await problem(await gateway.pay())
    assert.match(again.detail, /still being created/)
    assert.strictEqual(gateway.called("createDatabase"), 1)
    await Effect.runPromise(late)
    await deployment(await gateway.pay())
    assert.strictEqual(gateway.databases().length, 1)
  })

  it("recognizes a migration that lands after it was sent again", async () => {
    const gateway = make(withDatabase(todos))
    gateway.host.next(
      "execute",
      (call) => call,
      (call) => Effect.andThen(call, new QueryRejected({ message: "UNIQUE constraint failed" }))
    )
    await deployment(await gateway.pay())
    assert.deepStrictEqual(recorded(gateway), [["DB", ["0001_todos.sql"], ["d1_migrations", "todos"]]])
  })
})

describe("a migration that fails", () => {
  it("is the code's fault, names the file, and one PUT mends it", async () => {
    const gateway = make(withDatabase(todos, broken))
    const failed = await problem(await gateway.pay())
    assert.deepStrictEqual([failed.code, failed.charged, failed.fault], ["deploy_failed", true, "code"])
    assert.match(failed.detail, /0002_users\.sql failed: near "CREAT": syntax error/)
    assert.strictEqual(gateway.called("upload"), 0)
    gateway.needs.equipment = withDatabase(todos, users)
    await deployment(await gateway.put(String(failed.deployment_id), 2))
    assert.deepStrictEqual(recorded(gateway), [
      ["DB", ["0001_todos.sql", "0002_users.sql"], ["d1_migrations", "todos", "users"]]
    ])
  })

  it("leaves the live code and its data, if an update brings it", async () => {
    const gateway = make(withDatabase(todos))
    const { deployment_id } = await deployment(await gateway.pay())
    gateway.needs.equipment = withDatabase(todos, broken)
    const failed = await problem(await gateway.put(deployment_id, 2))
    assert.deepStrictEqual([failed.code, failed.fault], ["deploy_failed", "code"])
    assert.match(failed.detail, /0002_users\.sql.*the code before it keeps serving/)
    assert.strictEqual(gateway.called("upload"), 1)
    gateway.needs.equipment = withDatabase(todos, users)
    await deployment(await gateway.put(deployment_id, 3))
    assert.deepStrictEqual(recorded(gateway), [
      ["DB", ["0001_todos.sql", "0002_users.sql"], ["d1_migrations", "todos", "users"]]
    ])
  })

  it("is an outage if the database does not answer", async () => {
    const gateway = make(withDatabase(todos))
    gateway.host.next("execute", failsWith(new ControlPlaneUnavailable({ message: "D1 DB is overloaded" })))
    const failed = await problem(await gateway.pay())
    assert.strictEqual(failed.fault, "service")
    await deployment(await gateway.pay())
  })
})

describe("an update", () => {
  it("keeps the database under another name of its binding, and adds what is new", async () => {
    const gateway = make({ ...withDatabase(todos) })
    const { deployment_id } = await deployment(await gateway.pay())
    gateway.needs.equipment = {
      ...withDatabase(todos, users),
      resources: { ...nothing, kv: ["CACHE"], database: "DATABASE" }
    }
    await deployment(await gateway.put(deployment_id, 2))
    assert.strictEqual(gateway.databases().length, 1)
    assert.deepStrictEqual(recorded(gateway)[0]?.[1], ["0001_todos.sql", "0002_users.sql"])
    assert.deepStrictEqual(
      [...gateway.host.stores.values()].map((stores) => [...stores]),
      [["kv CACHE"]]
    )
  })
})

describe("secrets", () => {
  const env = { API_KEY: "s3cret-value" }

  it("are sent again after the host has refused them, and with every update", async () => {
    const gateway = make({})
    // The code is live, and its secrets were refused: Jack answers 500.
    gateway.host.next("upload", losesItsAnswer)
    const failed = await problem(await gateway.pay(1, { env }))
    assert.strictEqual(failed.fault, "service")
    const { deployment_id } = await deployment(await gateway.pay(1, { env }))
    await deployment(await gateway.put(deployment_id, 2))
    const [project] = gateway.host.projects.values()
    assert.deepStrictEqual(
      project?.uploads.map(({ secrets }) => secrets),
      [env, env, env]
    )
    assert.notInclude(JSON.stringify([failed, gateway.logs]), env.API_KEY)
  })
})

describe("a need that is not met", () => {
  const needs: Equipment = { resources: { ...nothing, r2: ["FILES"], database: "DB" } }

  const refused = async (gateway: ReturnType<typeof make>, more = {}) => {
    const failed = await problem(await gateway.pay(1, more))
    assert.deepStrictEqual([failed.status, failed.code, failed.charged], [422, "bundle_failed", false])
    assert.strictEqual(gateway.payments.captured.size, 0)
    return failed["diagnostics"] as ReadonlyArray<Record<string, unknown>>
  }

  it("is refused before the payment where the operator does not offer it, at its line", async () => {
    assert.deepStrictEqual(await refused(make(needs)), [
      {
        file: "wrangler.jsonc",
        line: 3,
        column: 31,
        text: "FILES needs an R2 bucket, and this service gives none",
        source: '  "r2_buckets": [{ "binding": "FILES" }]',
        hint: "It gives: kv, d1, durable_objects, assets, secrets, modules."
      }
    ])
    await deployment(await make(needs, { RESOURCES: "r2, d1" }).pay())
  })

  it("is refused before the payment where the host cannot give it", async () => {
    const gateway = make(
      { ...needs, assets: { binding: null, files: { "a.txt": "aGk=" } } },
      { RESOURCES: "r2,d1,assets" }
    )
    gateway.host.capabilities = []
    const diagnostics = await refused(gateway, { env: { API_KEY: "s3cret" } })
    assert.deepStrictEqual(
      diagnostics.map(({ text }) => text),
      [
        "FILES needs an R2 bucket, and this service gives none",
        "DB needs a D1 database, and this service gives none",
        "The project has static files, and this service serves none",
        "env.API_KEY needs a secret, and this service gives none"
      ]
    )
    assert.strictEqual(diagnostics[0]?.["hint"], "It runs code alone.")
  })

  it("is refused before the payment if the static files are too large", async () => {
    const assets = { binding: null, files: { "a.txt": Buffer.from("12345").toString("base64") } }
    const [diagnostic] = await refused(make({ assets }, { ASSET_LIMIT: "4" }))
    assert.match(String(diagnostic?.["text"]), /5 bytes, and may have 4/)
    await deployment(await make({ assets }, { ASSET_LIMIT: "5" }).pay())
  })
})
