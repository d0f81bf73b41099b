import { assert, beforeAll, describe, it } from "vitest"
import { randomText } from "../../../src/domain/DeploymentId.ts"
import { resolveLocalhost } from "../../../src/local/system/localhost.ts"
import { fresh, walletOn } from "../../e2e/support.ts"
import { footprint } from "../footprint.ts"
import { attack, send, stack } from "../support.ts"

interface Deployed {
  readonly url: string
  readonly deployment_id: string
}

// Sites answer at *.localhost, even in this process.
resolveLocalhost()

const wallet = walletOn(stack)
const json = { "content-type": "application/json" }
const body = JSON.stringify({ files: { "index.ts": "export default { fetch: () => new Response('stolen') }" } })

const deploy = async (): Promise<Deployed> => {
  const { name: _, ...request } = JSON.parse(fresh("plain-js")) as { name?: string; files: object }
  const response = await wallet.fetch(`${stack.info.gateway}/deploy`, {
    method: "POST",
    headers: json,
    body: JSON.stringify(request)
  })
  assert.strictEqual(response.status, 200, await response.clone().text())
  return (await response.json()) as Deployed
}

let real: Deployed
let other: Deployed
/** A proof by the payer of `real`, for an update of it with `body`. The test never sends it there. */
let proof: string
beforeAll(async () => {
  real = await deploy()
  other = await deploy()
  const quote = await fetch(`${stack.info.gateway}/deployments/${real.deployment_id}`, {
    method: "PUT",
    headers: json,
    body
  })
  proof = await wallet.credential(quote)
})

const another = (character: string | undefined) => (character === "0" ? "1" : "0")
const changedAt = (id: string, index: number) => id.slice(0, index) + another(id[index]) + id.slice(index + 1)
const places = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index)

/** Invented ids, each made from an issued one. */
const kinds: Readonly<Record<string, (id: string) => ReadonlyArray<string>>> = {
  "a random id": () => Array.from({ length: 80 }, () => `dep_${randomText(40)}`),
  "a random id of an earlier release": () => Array.from({ length: 80 }, () => `dep_${randomText(26)}`),
  "an id of an earlier release for a known order": (id) =>
    Array.from({ length: 10 }, () => `${id.slice(0, 24)}${randomText(6)}`),
  "another check": (id) => Array.from({ length: 20 }, () => id.slice(0, 34) + randomText(10)),
  "another random part": (id) => Array.from({ length: 20 }, () => id.slice(0, 24) + randomText(10) + id.slice(34)),
  "another order": (id) => Array.from({ length: 20 }, () => `dep_${randomText(20)}${id.slice(24)}`),
  "one character changed in the check": (id) => places(34, 44).map((index) => changedAt(id, index)),
  "one character changed before it": (id) => places(4, 34).map((index) => changedAt(id, index)),
  "another deployment's check": (id) => [id.slice(0, 34) + other.deployment_id.slice(34)],
  "another deployment's random part and check": (id) => [id.slice(0, 24) + other.deployment_id.slice(24)],
  "upper case": (id) => [id.toUpperCase(), `DEP_${id.slice(4)}`, `dep_${id.slice(4).toUpperCase()}`],
  truncated: (id) => places(0, 44).map((length) => id.slice(0, length) || "d"),
  extended: (id) => [`${id}0`, `${id}${id.slice(4)}`, `0${id}`, `dep_${id}`, `${id}%00`, `${id}%20`, `${id}%0a`],
  "nothing like an id": () => ["x", "dep_", "%ff", "..%2f..%2fhealth", "dep_'%20OR%201=1", "a".repeat(2000)]
}

/** The requests with such an id. */
const questions: Readonly<Record<string, (path: string) => Promise<Response>>> = {
  GET: (path) => send(path),
  HEAD: (path) => send(path, { method: "HEAD" }),
  "PUT without a proof": (path) => send(path, { method: "PUT", headers: json, body }),
  "PUT without a body": (path) => send(path, { method: "PUT" }),
  "PUT with a proof for another deployment": (path) =>
    send(path, { method: "PUT", headers: { ...json, authorization: proof }, body }),
  "PUT with a forged proof": (path) =>
    send(path, { method: "PUT", headers: { ...json, authorization: `Payment ${btoa("{}")}` }, body }),
  "DELETE without a proof": (path) => send(path, { method: "DELETE" }),
  "DELETE with a proof for another deployment": (path) =>
    send(path, { method: "DELETE", headers: { authorization: proof } }),
  "GET of files without a proof": (path) => send(`${path}/files`),
  "GET of files with a proof for another deployment": (path) =>
    send(`${path}/files`, { headers: { authorization: proof } })
}

describe("an invented id", () => {
  for (const [kind, made] of Object.entries(kinds)) {
    it(`gets an answer at once and leaves nothing behind: ${kind}`, async () => {
      const ids = made(real.deployment_id)
      const before = await footprint()
      for (const [question, ask] of Object.entries(questions)) {
        const { response } = await attack(() => ask(`/deployments/${ids[0]}`))
        assert.oneOf(response.status, [400, 404, 405], `${question} ${ids[0]}`)
        for (const id of ids.slice(1)) {
          const { status } = await ask(`/deployments/${id}`)
          assert.oneOf(status, [400, 404, 405], `${question} ${id}`)
        }
      }
      assert.deepStrictEqual(await footprint(), before)
    })
  }

  it("gets an answer as fast when 80 requests come at once", async () => {
    const before = await footprint()
    const ids = Array.from({ length: 80 }, (_, index) => `dep_${randomText(index % 2 === 0 ? 40 : 26)}`)
    const statuses = await Promise.all(ids.map(async (id) => (await send(`/deployments/${id}`)).status))
    assert.deepStrictEqual(new Set(statuses), new Set([404]))
    assert.deepStrictEqual(await footprint(), before)
  })
})

describe("an id that the gateway has issued", () => {
  it("gets an answer, and shares no random characters with the site's URL", async () => {
    for (const { deployment_id, url } of [real, other]) {
      const response = await send(`/deployments/${deployment_id}`)
      assert.strictEqual(response.status, 200)
      assert.strictEqual(((await response.json()) as Deployed).url, url)
      const suffix = /app-([0-9a-z]{6})\./.exec(url)?.[1] ?? ""
      assert.notStrictEqual(suffix, "")
      assert.notInclude(deployment_id, suffix)
    }
  })

  it("accepts no update with another payer's proof, which leaves nothing behind", async () => {
    const stranger = walletOn(stack, `0x${"5".repeat(64)}`)
    const path = `/deployments/${real.deployment_id}`
    const quote = await fetch(stack.info.gateway + path, { method: "PUT", headers: json, body })
    const authorization = await stranger.credential(quote)
    const before = await footprint()
    for (let count = 0; count < 10; count++) {
      const response = await send(path, { method: "PUT", headers: { ...json, authorization }, body })
      assert.strictEqual(response.status, 403)
    }
    assert.deepStrictEqual(await footprint(), before)
    assert.notInclude(await (await fetch(real.url)).text(), "stolen")
  })

  for (const [method, end] of [
    ["DELETE", ""],
    ["GET", "/files"]
  ] as const) {
    it(`accepts no ${method}${end} with another payer's proof, which leaves nothing behind`, async () => {
      const stranger = walletOn(stack, `0x${"5".repeat(64)}`)
      const path = `/deployments/${real.deployment_id}${end}`
      const authorization = await stranger.credential(await fetch(stack.info.gateway + path, { method }))
      const before = await footprint()
      for (let count = 0; count < 10; count++) {
        const { response } = await attack(() => send(path, { method, headers: { authorization } }))
        assert.strictEqual(response.status, 403)
      }
      assert.deepStrictEqual(await footprint(), before)
      assert.strictEqual((await fetch(real.url)).status, 200)
    })
  }

  it("refuses an If-Match of 80,000 characters at once", async () => {
    for (const value of [`"a",`.repeat(20_000), `W/"${"a".repeat(80_000)}`, '"'.repeat(80_000)]) {
      const headers = { ...json, "if-match": value }
      const { response } = await attack(() =>
        send(`/deployments/${real.deployment_id}`, { method: "PUT", headers, body })
      )
      assert.strictEqual(response.status, 400)
    }
  })
})
