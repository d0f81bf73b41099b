import { readdirSync, readFileSync } from "node:fs"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import type { Stack } from "../../src/local/stack.ts"
import { startTestStack, walletOn } from "./support.ts"

/** A file of `test/cases`; its README says what each field means. */
interface Case {
  readonly endpoint?: "/deploy" | "/execute"
  readonly body?: unknown
  readonly raw?: string
  readonly want: {
    readonly status: number
    readonly charged?: boolean
    readonly says?: string
    readonly saysNot?: string
    readonly at?: string
    readonly site?: string
    readonly siteHas?: string
    readonly json?: unknown
    readonly warns?: string
    readonly result?: unknown
    readonly error?: true
    readonly name?: string
    readonly stack?: string
    readonly stackNot?: string
    readonly orResult?: unknown
  }
}

interface Run {
  readonly result?: unknown
  readonly error?: { readonly name: string; readonly message: string; readonly stack?: string }
}

const folder = new URL("../cases/", import.meta.url)
const names = readdirSync(folder, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".json"))
  .map((name) => name.slice(0, -5))

let stack: Stack
let wallet: ReturnType<typeof walletOn>
let before = 0n
beforeAll(async () => {
  stack = await startTestStack()
  wallet = walletOn(stack)
  before = await wallet.balance(stack.info.recipient)
})
afterAll(() => stack?.stop())

/** The amount that the recipient must have gained after all cases, in millionths of a dollar. */
let earned = 0n
const prices = { "/deploy": 100_000n, "/execute": 10_000n }

/** Pays for a call. One payer may have only a few in progress at once, so this repeats others when the gateway says so. */
const send = async (endpoint: string, body: string): Promise<Response> => {
  const response = await wallet.fetch(`${stack.info.gateway}${endpoint}`, {
    method: "POST",
    body,
    headers: { "content-type": "application/json" }
  })
  if (response.status !== 429) return response
  await new Promise((resolve) => setTimeout(resolve, 1000 * Number(response.headers.get("retry-after"))))
  return send(endpoint, body)
}

const checkRefusal = (text: string, { charged, says, saysNot, at }: Case["want"]) => {
  const problem = JSON.parse(text) as {
    readonly charged: unknown
    readonly diagnostics?: ReadonlyArray<{ readonly file: string; readonly line: number }>
  }
  if (charged !== undefined) assert.strictEqual(problem.charged, charged, text)
  if (says !== undefined) assert.match(text, new RegExp(says))
  if (saysNot !== undefined) assert.notMatch(text, new RegExp(saysNot))
  const places = problem.diagnostics?.map(({ file, line }) => `${file}:${line}`) ?? []
  if (at !== undefined) assert.include(places, at, text)
}

const checkSite = async (text: string, { site, siteHas, json, warns }: Case["want"]) => {
  const { url, deployment_id } = JSON.parse(text) as { readonly url: string; readonly deployment_id: string }
  if (site !== undefined || siteHas !== undefined || json !== undefined) {
    const answer = await (await fetch(url)).text()
    if (site !== undefined) assert.strictEqual(answer, site)
    if (siteHas !== undefined) assert.include(answer, siteHas)
    if (json !== undefined) assert.deepStrictEqual(JSON.parse(answer), json)
  }
  if (warns === undefined) return
  const status = await fetch(`${stack.info.gateway}/deployments/${deployment_id}`)
  const { warnings } = (await status.json()) as { readonly warnings?: unknown }
  assert.match(JSON.stringify(warnings), new RegExp(warns))
}

const checkRun = (text: string, want: Case["want"]) => {
  const { result, error } = JSON.parse(text) as Run
  if ("orResult" in want && error === undefined) return assert.deepStrictEqual(result, want.orResult)
  if (want.error === undefined) return assert.deepStrictEqual(result, want.result, text)
  assert.isDefined(error, text)
  if (want.name !== undefined) assert.match(error?.name ?? "", new RegExp(want.name))
  if (want.stack !== undefined) assert.match(error?.stack ?? "", new RegExp(want.stack))
  if (want.stackNot !== undefined) assert.notMatch(error?.stack ?? "", new RegExp(want.stackNot))
}

describe.concurrent("a case", () => {
  for (const name of names)
    it(name, async () => {
      const {
        endpoint = "/deploy",
        body,
        raw,
        want
      } = JSON.parse(readFileSync(new URL(`${name}.json`, folder), "utf8")) as Case
      const response = await send(endpoint, raw ?? JSON.stringify(body))
      const text = await response.text()
      if (response.status === 200) earned += prices[endpoint]
      assert.strictEqual(response.status, want.status, text)
      if (response.status !== 200) checkRefusal(text, want)
      else if (endpoint === "/execute") checkRun(text, want)
      else await checkSite(text, want)
    })
})

describe("all cases together", () => {
  it("cost exactly the price of what was delivered", async () => {
    assert.strictEqual((await wallet.balance(stack.info.recipient)) - before, earned)
  })

  it("include every case file", () => assert.isAbove(names.length, 60))
})
