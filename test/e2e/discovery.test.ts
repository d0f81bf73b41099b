import { execFile } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { promisify } from "node:util"
import { Challenge } from "mppx"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import type { Stack } from "../../src/local/stack.ts"
import { run, startTestStack, walletOn } from "./support.ts"

const shell = promisify(execFile)

let stack: Stack
let folder: string
beforeAll(async () => {
  // Nothing is installed: test/e2e/packages deploys the example with a package.
  stack = await startTestStack({ NPM_PACKAGES: "off" })
  folder = mkdtempSync(join(tmpdir(), "mpp-agent-"))
})
afterAll(async () => {
  await stack?.stop()
  if (folder !== undefined) rmSync(folder, { recursive: true })
})

interface Operation {
  readonly "x-payment-info"?: { readonly offers: ReadonlyArray<Record<string, string>> }
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly example: unknown }>> }
}
interface Document {
  readonly servers: readonly [{ readonly url: string }]
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}

/** Derives the paid operations from the document as an agent does, and a request for each that should work. */
const paidOperations = ({ servers, paths }: Document) =>
  Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).flatMap(([method, operation]) => {
      const offers = operation["x-payment-info"]?.offers
      const content = Object.entries(operation.requestBody?.content ?? {})[0]
      if (offers === undefined || content === undefined) return []
      const [type, { example }] = content
      const request = { method: method.toUpperCase(), body: JSON.stringify(example), headers: { "content-type": type } }
      return [{ url: servers[0].url + path, offers, request }]
    })
  )

describe("an agent that knows only the address", () => {
  it("reads the guide and the document, pays with the stock client and gets a live URL", async () => {
    const { gateway } = stack.info
    const guide = await (await fetch(`${gateway}/llms.txt`)).text()
    const link = /\[OpenAPI\]\((\S+)\)/.exec(guide)?.[1] ?? ""
    const operations = paidOperations((await (await fetch(link)).json()) as Document)
    assert.deepStrictEqual(
      operations.map(({ url }) => new URL(url).pathname),
      ["/deploy", "/execute"]
    )
    for (const { url, offers, request } of operations) {
      const { method, intent, request: asked } = Challenge.fromResponse(await fetch(url, request))
      const { amount = "", currency = "" } = asked as Record<string, string>
      assert.deepStrictEqual(offers, [{ intent, method, amount, currency }], "what is offered is what is asked for")

      const wallet = walletOn(stack)
      const before = await wallet.balance(stack.info.recipient)
      const response = await wallet.fetch(url, request)
      assert.strictEqual(response.status, 200, await response.clone().text())
      assert.strictEqual((await wallet.balance(stack.info.recipient)) - before, BigInt(amount))
      const answer = (await response.json()) as { url?: string; result?: unknown }
      if (url.endsWith("/execute")) assert.deepStrictEqual(answer.result, { sum: 5 })
      else assert.deepStrictEqual(await (await fetch(answer.url ?? "")).json(), { hello: "world" })
    }
  })

  it("runs the guide's own command in an empty folder", async () => {
    const guide = await (await fetch(`${stack.info.gateway}/llms.txt`)).text()
    const command = /^```sh\n(KEY=.*\nnpx mppx .*)\n```$/m.exec(guide)?.[1] ?? ""
    assert.include(command, `npx mppx ${stack.info.gateway}/deploy `)
    // The agent uses the installed version, and no other.
    const bin = resolve("node_modules", ".bin")
    const env = { ...process.env, MPPX_PRIVATE_KEY: stack.info.payerPrivateKey, PATH: `${bin}:${process.env["PATH"]}` }
    const { stdout } = await shell("sh", ["-c", `${command.replace("npx mppx", "mppx")} -s`], { cwd: folder, env })
    const { url } = JSON.parse(stdout.slice(stdout.indexOf("{"))) as { url: string }
    assert.deepStrictEqual(await (await fetch(url)).json(), { hello: "world" })
  })

  it("gets a document that mppx finds valid", async () => {
    const { code, stdout, stderr } = await run("mppx", ["discover", "validate", `${stack.info.gateway}/openapi.json`])
    assert.strictEqual(code, 0, stdout + stderr)
    assert.match(stdout, /valid/)
    assert.notMatch(stdout, /warning/)
  })
})
