import { assert, describe, it } from "vitest"
import { poll } from "../../../../src/local/system/poll.ts"
import { get, useHost, worker } from "./support.ts"

const { api, controlPlane, create, put, token } = useHost()

/** The events that a client of the stream has received, parsed. */
const listen = async (id: string) => {
  const stop = new AbortController()
  const response = await fetch(`${controlPlane().url}/v1/projects/${id}/logs/stream`, {
    headers: { authorization: `Bearer ${token}` },
    signal: stop.signal
  })
  assert.match(response.headers.get("content-type") ?? "", /^text\/event-stream/)
  const events: Array<Record<string, unknown>> = []
  const read = async () => {
    let text = ""
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      const parts = (text + chunk).split("\n\n")
      text = parts.pop() ?? ""
      events.push(...parts.map((part) => JSON.parse(part.replace(/^data: /, "")) as Record<string, unknown>))
    }
  }
  const reading = read().catch(() => {})
  return { events, stop: () => (stop.abort(), reading) }
}

for (const [way, bindings] of [
  ["in a process of its own", { kv: [{ binding: "KV" }] }],
  ["with the Worker Loader", {}]
] as const)
  describe(`the logs of a site ${way}`, () => {
    it("are streamed to those who listen, and kept for nobody", async () => {
      const { id, url } = await create()
      const code = worker(`
        if (url.pathname === "/quiet") return new Response("quiet")
        console.log("hello", { a: 1 })
        if (url.pathname === "/throws") throw new TypeError("boom")
        return new Response("said")`)
      await put(id, { files: { "index.js": code }, bindings })
      assert.strictEqual((await api("GET", `projects/${id}/logs/stream`)).status, 410)
      const { json } = await api("POST", `projects/${id}/logs/session`, { label: "mine" })
      const { session, stream } = json as unknown as Record<"session" | "stream", Record<string, string>>
      assert.deepInclude<unknown>(session, { project_id: id, label: "mine", status: "active" })
      assert.strictEqual(stream["url"], `/v1/projects/${id}/logs/stream`)
      await get(`${url}/before`)
      await new Promise((resolve) => setTimeout(resolve, 500))

      const { events, stop } = await listen(id)
      await get(`${url}/quiet`)
      await get(`${url}/throws`)
      await get(`${url}/said`)
      const found = () => events.filter(({ type }) => type === "event")
      assert.isTrue(await poll(() => found().length === 2, 5000), JSON.stringify(events))
      await stop()
      assert.deepInclude(events[0], { type: "session", session_id: session["id"], project_id: id })
      const [thrown, said] = found() as [Record<string, unknown>, Record<string, unknown>]
      assert.deepInclude(thrown, { outcome: "exception", request: { method: "GET", url: `${url}/throws` } })
      const [exception] = thrown["exceptions"] as [Record<string, unknown>]
      assert.deepInclude(exception, { name: "TypeError", message: "boom" })
      assert.strictEqual(said["outcome"], "ok")
      const [line] = said["logs"] as [Record<string, unknown>]
      assert.deepInclude(line, { level: "log", message: ["hello", { a: 1 }] })
    })
  })

it("prolongs a session that is there, and ends it", async () => {
  const { id } = await create()
  const session = async (method: string) =>
    api(method, `projects/${id}/logs/session`, method === "POST" ? {} : undefined)
  const idOf = ({ json }: Awaited<ReturnType<typeof session>>) =>
    (json as unknown as { readonly session: { readonly id: string } }).session.id
  assert.strictEqual((await session("GET")).status, 410)
  const first = idOf(await session("POST"))
  assert.deepStrictEqual([idOf(await session("POST")), idOf(await session("GET"))], [first, first])
  assert.strictEqual((await session("DELETE")).status, 200)
  assert.deepStrictEqual((await session("GET")).json.error, "no_active_session")
})
