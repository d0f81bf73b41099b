import { spawn } from "node:child_process"
import { once } from "node:events"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import type { Stack } from "../../../src/local/stack.ts"
import { poll } from "../../../src/local/system/poll.ts"
import { startTestStack, walletOn } from "../support.ts"

let stack: Stack
let wallet: ReturnType<typeof walletOn>
let url: string
let at: string
beforeAll(async () => {
  stack = await startTestStack()
  wallet = walletOn(stack)
  const code = `export default { fetch(request) {
    const { pathname } = new URL(request.url)
    console.log("at", pathname)
    if (pathname === "/burst") for (let line = 0; line < 100; line++) console.log("line", line)
    if (pathname === "/throws") throw new TypeError("boom")
    return new Response("said")
  } }`
  const response = await wallet.fetch(`${stack.info.gateway}/deploy`, {
    method: "POST",
    body: JSON.stringify({ files: { "index.js": code } }),
    headers: { "content-type": "application/json" }
  })
  assert.strictEqual(response.status, 200, await response.clone().text())
  const deployment = (await response.json()) as { readonly url: string; readonly deployment_id: string }
  url = deployment.url
  at = `${stack.info.gateway}/deployments/${deployment.deployment_id}/logs`
})
afterAll(() => stack?.stop())

/** Collects the text of a stream until it ends. */
const collect = (stream: AsyncIterable<Uint8Array>) => {
  const found = { text: "" }
  void (async () => {
    for await (const chunk of stream) found.text += new TextDecoder().decode(chunk)
  })().catch(() => undefined)
  return found
}

/** The events of code that are in a text. */
const events = (text: string) =>
  text
    .split("\n\n")
    .filter((part) => part.startsWith("data: ") && part.endsWith("}"))
    .map((part) => JSON.parse(part.slice(6)) as Record<string, unknown>)
    .filter(({ type }) => type === "event")

describe("the log of a deployment", () => {
  it("shows the stock client a console line and an exception within 2 s of the request", async () => {
    const before = await wallet.balance()
    const gone = new AbortController()
    const response = await wallet.fetch(at, { signal: gone.signal })
    assert.strictEqual(response.status, 200)
    assert.match(response.headers.get("content-type") ?? "", /^text\/event-stream/)
    const found = collect(response.body!)
    assert.isTrue(await poll(() => found.text.includes(": connected"), 5000))
    const since = Date.now()
    await fetch(`${url}/throws`)
    assert.isTrue(await poll(() => events(found.text).length === 1, 5000), found.text)
    assert.isBelow(Date.now() - since, 2000)
    const [event] = events(found.text)
    assert.deepInclude(event, { outcome: "exception", request: { method: "GET", url: `${url}/throws` } })
    const { logs, exceptions } = event as Record<string, ReadonlyArray<object>>
    assert.deepInclude(logs?.[0], { level: "log", message: ["at", "/throws"] })
    assert.deepInclude(exceptions?.[0], { name: "TypeError", message: "boom" })
    assert.strictEqual(await wallet.balance(), before)
    gone.abort()
  })

  it("has 100 lines in their order within 2 s", async () => {
    const gone = new AbortController()
    const found = collect((await wallet.fetch(at, { signal: gone.signal })).body!)
    assert.isTrue(await poll(() => found.text.includes(": connected"), 5000))
    const since = Date.now()
    await fetch(`${url}/burst`)
    assert.isTrue(await poll(() => events(found.text).length === 1, 5000), found.text)
    assert.isBelow(Date.now() - since, 2000)
    const { logs } = events(found.text)[0] as { readonly logs: ReadonlyArray<{ readonly message: unknown }> }
    const lines = Array.from({ length: 100 }, (_, line) => ["line", line])
    assert.deepStrictEqual(
      logs.map(({ message }) => message),
      [["at", "/burst"], ...lines]
    )
    gone.abort()
  })

  it("is shared by two who look, one of them with the stock command line client", async () => {
    const stop = new AbortController()
    const found = collect((await wallet.fetch(at, { signal: stop.signal })).body!)
    const cli = spawn("node_modules/.bin/mppx", ["-s", at, "--rpc-url", stack.info.rpc], {
      env: { ...process.env, MPPX_PRIVATE_KEY: stack.info.payerPrivateKey },
      detached: true
    })
    try {
      const printed = collect(cli.stdout)
      assert.isTrue(await poll(() => printed.text.includes(": connected"), 20_000), printed.text)
      await fetch(`${url}/both`)
      const both = () => [found, printed].every(({ text }) => events(text).length === 1)
      assert.isTrue(await poll(both, 5000), `${found.text}\n${printed.text}`)
    } finally {
      stop.abort()
      process.kill(-cli.pid!, "SIGKILL")
      await once(cli, "close")
    }
  })

  it("keeps no connection to the host for clients that have gone, once it writes to them", async () => {
    const none = () => stack.controlPlane?.logReaders() === 0
    assert.isTrue(await poll(none, 30_000), `${stack.controlPlane?.logReaders()} are still read`)
  })
})
