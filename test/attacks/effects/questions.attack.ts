import { createHmac, randomBytes } from "node:crypto"
import { readdirSync, statSync } from "node:fs"
import { join } from "node:path"
import { generatePrivateKey } from "viem/accounts"
import { Account } from "viem/tempo"
import { assert, beforeAll, describe, it } from "vitest"
import { fresh, walletOn } from "../../e2e/support.ts"
import { footprint } from "../footprint.ts"
import { credentialFor, quoted, resigned, richRoot } from "../payer.ts"
import { attack, postJson, send, stack } from "../support.ts"

const json = { "content-type": "application/json" }
const wallet = walletOn(stack)
/** A body that an update also accepts: it has no name. */
const freshFiles = (): string => {
  const { files } = JSON.parse(fresh("plain-js")) as { files: object }
  return JSON.stringify({ files })
}
const times = (many: number) => Array.from({ length: many }, (_, index) => index)

let path = ""
beforeAll(async () => {
  const init = { method: "POST", headers: json, body: fresh("plain-js") }
  const response = await wallet.fetch(`${stack.info.gateway}/deploy`, init)
  assert.strictEqual(response.status, 200, await response.clone().text())
  path = `/deployments/${((await response.json()) as { deployment_id: string }).deployment_id}`
})

const signed = (key: string, at = Date.now()) => ({
  "x-jack-timestamp": String(at),
  "x-jack-signature": createHmac("sha256", key).update(`${at}.POST./__scheduled.0 * * * *`).digest("hex"),
  "x-jack-cron": "0 * * * *"
})

/** Unpaid calls. The number makes each call different. */
const questions: Readonly<Record<string, (index: number) => Promise<Response>>> = {
  "a quote for a deploy": () => postJson("/deploy", fresh("plain-js")),
  "a quote for a run": (index) => postJson("/execute", JSON.stringify({ code: `export default () => ${index}` })),
  "a quote under a key": (index) => postJson("/deploy", fresh("plain-js"), { "idempotency-key": `key ${index}` }),
  "a quote without a body": () => send("/deploy", { method: "POST" }),
  "a body that is in no order": (index) => postJson("/deploy", `{"files": ${index}`),
  "a credential that is none": (index) =>
    postJson("/deploy", fresh("plain-js"), {
      authorization: `Payment ${btoa(JSON.stringify({ challenge: { id: index } }))}`
    }),
  "a credential for another body": async () => {
    const authorization = await wallet.credential(await postJson("/deploy", fresh("plain-js")))
    return postJson("/deploy", fresh("plain-js"), { authorization })
  },
  "a credential for another price": async () => {
    const body = freshFiles()
    const authorization = await wallet.credential(
      await fetch(stack.info.gateway + path, { method: "PUT", headers: json, body })
    )
    return postJson("/deploy", body, { authorization })
  },
  "a status": () => send(path),
  "a challenge for an update": () => send(path, { method: "PUT", headers: json, body: freshFiles() }),
  "a scheduled call without a signature": () => send("/__scheduled", { method: "POST" }),
  "a scheduled call with a forged signature": () =>
    send("/__scheduled", { method: "POST", headers: signed(randomBytes(32).toString("hex")) }),
  "a scheduled call signed with an empty key": () => send("/__scheduled", { method: "POST", headers: signed("") }),
  "a scheduled call of another day": () =>
    send("/__scheduled", { method: "POST", headers: signed("", 1_700_000_000_000) })
}

describe("an unpaid request", () => {
  for (const [what, ask] of Object.entries(questions)) {
    it(`leaves nothing behind when ${what} is sent ten times`, async () => {
      const before = await footprint()
      await attack(() => ask(0))
      await Promise.all(times(9).map((index) => ask(index + 1)))
      assert.deepStrictEqual(await footprint(), before)
    })
  }
})

/**
 * Counts the objects that have stored something. workerd makes a file for every object that is asked, of one page and two
 * frames in its log. In production an object that has stored nothing does not exist.
 */
const stored = (): number => {
  const files = readdirSync(join(stack.dir, "gateway", "state"), { recursive: true, withFileTypes: true })
  const names = files.flatMap(({ name, parentPath }) => {
    const [, object, log] = /^([0-9a-f]{64})\.sqlite(-wal)?$/.exec(name) ?? []
    const empty = log === undefined ? 4096 : 8272
    // A log may be gone since the folder was read: workerd removes it with the last connection.
    const size = statSync(join(parentPath, name), { throwIfNoEntry: false })?.size ?? 0
    return object !== undefined && size > empty ? [object] : []
  })
  return new Set(names).size
}

describe("a payment from an empty account", () => {
  // The gateway must ask its order, because the answer of an earlier purchase is free, and the payer may have no money left.
  it("builds, starts, stores and broadcasts nothing", async () => {
    assert.isAbove(stored(), 0)
    const before = { ...(await footprint()), objects: stored() }
    for (const _ of times(10)) {
      const quote = await quoted()
      // The chain fills no transaction that its sender cannot pay, so the empty account signs what was filled for a rich one.
      const broke = Account.fromSecp256k1(generatePrivateKey())
      const authorization = await resigned(await credentialFor(quote, richRoot), broke, {})
      const { response } = await attack(() => postJson("/deploy", quote.body, { authorization }))
      assert.strictEqual(response.status, 402)
    }
    assert.deepStrictEqual({ ...(await footprint()), objects: stored() }, before)
  })
})
