import { afterAll, assert, beforeAll, describe, it } from "vitest"
import type { Stack } from "../../../src/local/stack.ts"
import { deployAt } from "../../npm/ours.ts"
import { compare, programs } from "../../npm/programs.ts"
import { realRegistry } from "../../npm/registry-proxy.ts"
import { startTestStack, walletOn } from "../support.ts"

// Packages of the real registry, bought and served. `npm run survey:npm` has all programs.

/** A few of each kind. */
const CHOSEN: Readonly<Record<string, ReadonlyArray<string>>> = {
  "of no dependencies": ["zod", "valibot", "jose"],
  "of ES modules alone": ["nanoid", "ky"],
  "of CommonJS": ["ms", "dayjs", "qs"],
  "of Node's modules": ["jsonwebtoken"],
  "of barrels": ["lodash-es", "viem/accounts"],
  "of peers": ["drizzle-orm", "@hono/zod-openapi"],
  "that hono satisfies": ["hono/jwt"],
  "that cannot work on Workers": ["bcrypt"]
}

let stack: Stack
let wallet: ReturnType<typeof walletOn>
beforeAll(async () => {
  assert.notStrictEqual(realRegistry, "", "no registry is known: configure npm, or set NPM_REGISTRY")
  stack = await startTestStack({ NPM_REGISTRY: realRegistry })
  wallet = walletOn(stack)
})
afterAll(() => stack?.stop())

const call = async (method: "POST" | "PUT", path: string, body: object): Promise<Record<string, unknown>> => {
  const response = await wallet.fetch(`${stack.info.gateway}${path}`, {
    method,
    body: JSON.stringify(body),
    headers: { "content-type": "application/json" }
  })
  const text = await response.text()
  assert.strictEqual(response.status, 200, text)
  return JSON.parse(text) as Record<string, unknown>
}

const lockOf = async (id: unknown): Promise<Record<string, string>> => {
  const response = await fetch(`${stack.info.gateway}/deployments/${String(id)}`)
  return ((await response.json()) as { readonly lock: Record<string, string> }).lock
}

describe("programs with packages", () => {
  for (const [kind, ids] of Object.entries(CHOSEN))
    for (const id of ids)
      it(`${kind}: ${id}`, async () => {
        const program = programs.find((one) => one.id === id)
        assert.isDefined(program, id)
        const before = await wallet.balance(stack.info.recipient)
        const { outcome } = await deployAt(stack, wallet, program)
        const { right, note } = compare(program, outcome)
        assert.isTrue(right, note)
        const price = outcome.refused ? 0n : 100_000n
        assert.strictEqual((await wallet.balance(stack.info.recipient)) - before, price)
      })
})

describe("the lock of a deployment", () => {
  const code = 'import ms from "ms"\nexport default { fetch: () => Response.json(ms("2 days")) }'

  it("repeats the versions where it is sent as a file, and stays in an update", async () => {
    const old = { "index.js": code, "package.json": '{"dependencies":{"ms":"2.1.1"}}' }
    const first = await call("POST", "/deploy", { files: old })
    const lock = await lockOf(first["deployment_id"])
    assert.match(lock["ms@2.1.1"] ?? "", /^ms@2\.1\.1 sha512-/)

    // The lock is by the range that was asked for, and not by the exact version: it says which version a range stands for.
    const wide = { "index.js": code, "package.json": '{"dependencies":{"ms":"^2.0.0"}}' }
    const pinned = { "ms@^2.0.0": lock["ms@2.1.1"] ?? "" }
    const second = await call("POST", "/deploy", { files: { ...wide, "mpp.lock.json": JSON.stringify(pinned) } })
    assert.deepStrictEqual(await lockOf(second["deployment_id"]), pinned)

    await call("PUT", `/deployments/${String(second["deployment_id"])}`, { files: wide })
    assert.deepStrictEqual(await lockOf(second["deployment_id"]), pinned)
    const third = await call("POST", "/deploy", { files: wide })
    assert.notDeepEqual(await lockOf(third["deployment_id"]), pinned)
  })
})

describe("POST /execute", () => {
  it("runs code that imports a package, at the version of the import", async () => {
    const program =
      'import { z } from "npm:zod@4.6.7"\nexport const run = (input) => z.string().safeParse(input).success'
    assert.isTrue((await call("POST", "/execute", { code: program, input: "x" }))["result"])
  })
})

describe("the example of OpenAPI", () => {
  it("deploys as it stands, and answers", async () => {
    const { paths } = (await (await fetch(`${stack.info.gateway}/openapi.json`)).json()) as {
      paths: Record<string, Record<string, { requestBody: { content: Record<string, { example: object }> } }>>
    }
    const example = paths["/deploy"]?.["post"]?.requestBody.content["application/json"]?.example ?? {}
    assert.include(JSON.stringify(example), "zod")
    const { url } = await call("POST", "/deploy", example)
    assert.deepStrictEqual(await (await fetch(String(url))).json(), { hello: "world" })
  })
})
