import { assert, describe, it } from "vitest"
import { poll } from "../../../../src/local/system/poll.ts"
import { formOf, get, type Project, useHost, worker } from "./support.ts"

const { api, create, put, restart } = useHost(1500)

const bindings = (...names: ReadonlyArray<string>) => ({
  bindings: { durable_objects: names.map((name) => ({ binding: name.toUpperCase(), class_name: name })) }
})
const objects = (code: string, fetch: string, className: string): Project => ({
  files: { "index.js": worker(fetch, `import { DurableObject } from "cloudflare:workers"\n${code}`) },
  ...bindings(className),
  migrations: [{ tag: "v1", new_sqlite_classes: [className] }]
})
const toOne = (binding: string) => `return env.${binding}.get(env.${binding}.idFromName("one")).fetch(request)`

/** A socket, and the messages that it gets. */
const connect = async (url: string) => {
  const socket = new WebSocket(url.replace("http", "ws"))
  const messages: Array<string> = []
  socket.addEventListener("message", ({ data }) => messages.push(String(data)))
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve)
    socket.addEventListener("error", () => reject(new Error("no socket")))
  })
  return { socket, gets: (text: string) => poll(() => messages.includes(text), 5000) }
}

describe("a chat room in a Durable Object", () => {
  for (const [what, code] of [
    [
      "with plain sockets",
      `sockets = new Set()
      fetch() {
        const { 0: client, 1: server } = new WebSocketPair()
        server.accept()
        this.sockets.add(server)
        server.addEventListener("message", ({ data }) => { for (const socket of this.sockets) socket.send(data) })
        return new Response(null, { status: 101, webSocket: client })
      }`
    ],
    [
      "with sockets that hibernate",
      `fetch() {
        const { 0: client, 1: server } = new WebSocketPair()
        this.ctx.acceptWebSocket(server)
        return new Response(null, { status: 101, webSocket: client })
      }
      webSocketMessage(_, data) { for (const socket of this.ctx.getWebSockets()) socket.send(data) }`
    ]
  ] as const)
    it(`reaches all who are in it, ${what}`, async () => {
      const { id, url } = await create()
      await put(id, objects(`export class Room extends DurableObject { ${code} }`, toOne("ROOM"), "Room"))
      const [one, other] = [await connect(url), await connect(url)]
      one.socket.send("hello")
      assert.isTrue(await other.gets("hello"))
      other.socket.send("hi")
      assert.isTrue(await one.gets("hi"))
      one.socket.close()
      other.socket.close()
    })
})

/** An object with SQL storage, which counts in a table. */
const counter = (name: string) => `
  export class ${name} extends DurableObject {
    constructor(ctx, env) { super(ctx, env); ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS counts (n INTEGER)") }
    fetch() {
      this.ctx.storage.sql.exec("INSERT INTO counts VALUES (1)")
      return new Response(String(this.ctx.storage.sql.exec("SELECT count(*) AS n FROM counts").one().n))
    }
  }`

describe("a class of Durable Objects", () => {
  it("keeps its storage over updates, restarts and a new name, until a migration deletes it", async () => {
    const { id, url } = await create()
    const first = objects(counter("Counter"), toOne("COUNTER"), "Counter")
    await put(id, first)
    assert.strictEqual(await get(url), "1")
    await put(id, first)
    await restart()
    assert.strictEqual(await get(url), "2")
    const rename = { tag: "v2", renamed_classes: [{ from: "Counter", to: "Tally" }] }
    const renamed = objects(counter("Tally"), toOne("TALLY"), "Tally")
    await put(id, { ...renamed, migrations: [...(first.migrations ?? []), rename] })
    assert.strictEqual(await get(url), "3")
    const anew = [
      { tag: "v3", deleted_classes: ["Tally"] },
      { tag: "v4", new_sqlite_classes: ["Tally"] }
    ]
    await put(id, { ...renamed, migrations: [...(first.migrations ?? []), rename, ...anew] })
    assert.strictEqual(await get(url), "1")
  })

  it("is refused without nodejs_compat, without a migration, and without its export", async () => {
    const { id } = await create()
    const project = objects(counter("Counter"), toOne("COUNTER"), "Counter")
    const upload = async (changed: object) =>
      (await api("POST", `projects/${id}/deployments/upload`, formOf({ ...project, ...changed }))).json
    assert.deepInclude<object>(await upload({ compatibility_flags: [] }), {
      error: "invalid_manifest",
      details: ["Durable Objects require nodejs_compat in compatibility_flags"]
    })
    assert.match((await upload({ migrations: [] })).message, /^Cloudflare API error: \[10061\] .*'Counter'/)
    const missing = await upload({ files: { "index.js": worker("return new Response()") } })
    assert.match(missing.message, /^Cloudflare API error: \[10021\] Uncaught SyntaxError: .*'Counter'/)
  })

  it("runs its alarms, also while nobody asks for the site", async () => {
    const { id, url } = await create()
    const code = `export class Clock extends DurableObject {
      async fetch(request) {
        if (request.method === "POST") await this.ctx.storage.setAlarm(Date.now() + Number(await request.text()))
        const [set, rang] = [await this.ctx.storage.get("set"), await this.ctx.storage.get("rang")]
        await this.ctx.storage.put("set", Date.now())
        return new Response(String(Math.round((rang - set) / 1000)))
      }
      alarm() { return this.ctx.storage.put("rang", Date.now()) }
    }`
    await put(id, objects(code, toOne("CLOCK"), "Clock"))
    assert.strictEqual(await get(url, { method: "POST", body: "300" }), "NaN")
    assert.isTrue(await poll(async () => (await get(url)) !== "NaN", 5000, 100))
    // The site ends after 1.5 s without a request, is woken for its alarm after 4 s, and tells the time of it later.
    await get(url, { method: "POST", body: "4000" })
    await new Promise((resolve) => setTimeout(resolve, 8000))
    assert.include(["4", "5"], await get(url))
  })
})
