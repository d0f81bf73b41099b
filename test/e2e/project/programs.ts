/** A configuration of wrangler. */
export const config = (settings: Readonly<Record<string, unknown>>) =>
  JSON.stringify({ name: "x", compatibility_date: "2026-06-01", ...settings })

/** A list on D1, with two migrations, and a statement that is prepared at the start. */
export const todo = {
  "wrangler.json": config({
    main: "src/index.ts",
    d1_databases: [{ binding: "DB", database_name: "todo", database_id: "of-somebody" }]
  }),
  "migrations/0001_create.sql": "CREATE TABLE todo (id INTEGER PRIMARY KEY, text TEXT NOT NULL);",
  "migrations/0002_done.sql": "ALTER TABLE todo ADD COLUMN done INTEGER NOT NULL DEFAULT 0;",
  "src/index.ts": `import { env } from "cloudflare:workers"
  const all = env.DB.prepare("SELECT * FROM todo")
  export default {
    async fetch(request) {
      if (request.method === "POST") {
        await env.DB.prepare("INSERT INTO todo (text) VALUES (?)").bind(await request.text()).run()
        return new Response(null, { status: 201 })
      }
      return Response.json((await all.all()).results)
    }
  }`
}

/** A room for WebSockets, which remembers what was said. */
export const chat = {
  "wrangler.json": config({
    main: "chat.ts",
    durable_objects: { bindings: [{ name: "ROOM", class_name: "Room" }] },
    migrations: [{ tag: "v1", new_sqlite_classes: ["Room"] }]
  }),
  "chat.ts": `import { DurableObject } from "cloudflare:workers"
          export class Room extends DurableObject {
            async fetch(request) {
              if (!request.headers.has("upgrade")) return Response.json((await this.ctx.storage.get("said")) ?? [])
              const { 0: client, 1: server } = new WebSocketPair()
              this.ctx.acceptWebSocket(server)
              return new Response(null, { status: 101, webSocket: client })
            }
            async webSocketMessage(_, message) {
              await this.ctx.storage.put("said", [...((await this.ctx.storage.get("said")) ?? []), message])
              for (const one of this.ctx.getWebSockets()) one.send("> " + message)
            }
          }
          export default { fetch: (request, env) => env.ROOM.getByName("a").fetch(request) }`
}
