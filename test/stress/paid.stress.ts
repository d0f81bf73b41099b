import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import type { Stack } from "../../src/local/stack.ts"
import { fresh, startTestStack, walletOn } from "../e2e/support.ts"
import type { Files } from "./built.ts"

// Hostile sources in paid deploys. Each is refused free, and the next deploy goes live.

let stack: Stack
let wallet: ReturnType<typeof walletOn>
beforeAll(async () => {
  stack = await startTestStack({ IMPORT_HOSTS: "esm.sh" })
  wallet = walletOn(stack)
})
afterAll(() => stack?.stop())

const post = (body: string) =>
  wallet.fetch(`${stack.info.gateway}/deploy`, {
    method: "POST",
    body,
    headers: { "content-type": "application/json" }
  })

/** Deploys as an agent does. "Busy" costs nothing and asks for a retry. */
const deploy = async (body: string): Promise<Response> => {
  for (const end = Date.now() + 60_000; ;) {
    const response = await post(body)
    if (response.status !== 503 || Date.now() > end) return response
    assert.include(await response.text(), '"charged":false')
    await sleep(1000 * Number(response.headers.get("retry-after") ?? 1))
  }
}

const nested = (depth: number) => `export default ${"(".repeat(depth)}1${")".repeat(depth)}`
const importing = (url: string): Files => ({
  "index.ts": `import x from ${JSON.stringify(url)}\nexport default { fetch: () => new Response(String(x)) }`
})

const HOSTILE: Readonly<Record<string, readonly [Files, RegExp]>> = {
  "100,000 nested parentheses": [{ "index.ts": nested(100_000) }, /gave up/],
  "500,000 brackets": [{ "index.ts": "[".repeat(500_000) }, /gave up/],
  "1,000,000 brackets": [{ "index.ts": "[".repeat(1_000_000) }, /512000/],
  "JSON, 200,000 deep": [
    {
      "index.ts": "import x from './x.json'\nexport default { fetch: () => x }",
      "x.json": "[".repeat(200_000) + "]".repeat(200_000)
    },
    /gave up/
  ],
  "10,000 files": [
    Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`f${index}.ts`, ""])),
    /has 10000 files/
  ],
  "5 MB in one line": [{ "index.ts": "x".repeat(5_000_000) }, /larger than/],
  "the prototype's names, which are not there": [
    {
      "index.ts": "import a from './constructor'\nimport b from './__proto__'\nexport default { fetch: () => [a, b] }"
    },
    /not among/
  ],
  "a climb out of the root": [{ "index.ts": "export { default } from '../../../etc/passwd'" }, /leads out/],
  "a URL of loopback": [importing("https://127.0.0.1/x.js"), /127\.0\.0\.1/],
  "a URL of a private address": [importing("https://10.0.0.1/x.js"), /10\.0\.0\.1/],
  "a URL of another host": [importing("https://other.example/x.js"), /other\.example/],
  "a URL without encryption": [importing("http://esm.sh/left-pad@1"), /https/],
  "a URL with a port": [importing("https://esm.sh:8443/left-pad@1"), /port/],
  "an endless loop at its start": [
    { "index.ts": "for (;;);\nexport default { fetch: () => new Response() }" },
    /runner/
  ]
}

describe("paid deploys of hostile sources", () => {
  for (const [name, [files, text]] of Object.entries(HOSTILE)) {
    it(`are refused free, and the next deploy goes live: ${name}`, async () => {
      const before = await wallet.balance(stack.info.recipient)
      const response = await deploy(JSON.stringify({ files }))
      const said = await response.text()
      assert.include([400, 413, 422], response.status, said)
      assert.match(said, text)
      assert.include(said, '"charged":false')
      assert.strictEqual(await wallet.balance(stack.info.recipient), before)

      const next = await deploy(fresh("plain-js"))
      assert.strictEqual(next.status, 200, await next.clone().text())
      const { url } = (await next.json()) as { url: string }
      assert.strictEqual((await fetch(url)).status, 200)
      assert.strictEqual((await wallet.balance(stack.info.recipient)) - before, 100_000n)
    })
  }

  it("makes ordinary deploys live or refuses them free with 503 among 20 of every kind at once", async () => {
    const before = await wallet.balance(stack.info.recipient)
    const crash = JSON.stringify({ files: { "index.ts": nested(100_000) } })
    const responses = await Promise.all(
      Array.from({ length: 20 }, (_, index) => post(index % 2 === 0 ? crash : fresh("multi-file")))
    )
    const answers = await Promise.all(
      responses.map(async (response) => [response.status, await response.text()] as const)
    )
    for (const [index, [status, text]] of answers.entries())
      assert.include(index % 2 === 0 ? [422, 503, 402, 429] : [200, 503, 402, 429], status, text)
    const live = answers.filter(([status]) => status === 200).length
    assert.strictEqual((await wallet.balance(stack.info.recipient)) - before, 100_000n * BigInt(live))
    assert.strictEqual((await deploy(fresh("plain-js"))).status, 200)
  })
})
