import * as Effect from "effect/Effect"
import { assert, describe, it } from "vitest"
import { CodeRejected, ControlPlaneUnavailable } from "../../../src/control-plane/errors.ts"
import { failsWith } from "../../../src/control-plane/testing.ts"
import { testBundle } from "../../../src/bundler/testing.ts"
import type { Files } from "../../../src/domain/Order.ts"
import { testCredential } from "../../../src/payment/testing.ts"
import { deployment, makeGateway, type Parts, problem } from "../../support/gateway.ts"

type Gateway = ReturnType<typeof makeGateway>

/** A bundler whose code is the list of the files, in the order in which it got them. */
const listing: Parts = {
  bundle: (files) =>
    Effect.succeed(testBundle({ main: "index.js", code: `export default ${JSON.stringify(Object.entries(files))}` }))
}

const call = async (
  gateway: Gateway,
  method: "PUT" | "GET",
  path: string,
  body: object | null = null,
  { headers = {}, payer = "0xpayer" }: { headers?: Record<string, string>; payer?: string } = {}
) => {
  const send = (more: Record<string, string> = {}) =>
    gateway.send(path, {
      method,
      body: body === null ? null : JSON.stringify(body),
      headers: { ...(body !== null && { "content-type": "application/json" }), ...headers, ...more }
    })
  const asked = await send()
  if (asked.status !== 402) return asked
  return send({ authorization: testCredential(asked.headers.get("www-authenticate") ?? "", payer) })
}

const source = { "a.ts": "1", "b.ts": "2", "img/logo.png": { base64: "AAAA" } }

const begin = async (parts: Parts = listing) => {
  const gateway = makeGateway(parts)
  const { deployment_id: id } = await deployment(await gateway.pay({ body: JSON.stringify({ files: source }) }))
  const at = `/deployments/${id}`
  const code = () => [...gateway.host.projects.values()].at(-1)?.uploads.at(-1)?.code
  return {
    gateway,
    code,
    put: (body: object, headers: Record<string, string> = {}) => call(gateway, "PUT", at, body, { headers }),
    files: (payer?: string) => call(gateway, "GET", `${at}/files`, null, payer === undefined ? {} : { payer })
  }
}

const sourceIn = async (response: Response) => ((await response.json()) as { readonly files: Files }).files

describe("changes", () => {
  it("replace, add and remove files, and keep all others", async () => {
    const { put, files, code } = await begin()
    const changes = { "./c/d.ts": "3", "a.ts": null, "b.ts": { base64: "BBBB" } }
    const response = await put({ changes })
    assert.strictEqual(response.status, 200, await response.clone().text())
    const expected = { "b.ts": { base64: "BBBB" }, "c/d.ts": "3", "img/logo.png": { base64: "AAAA" } }
    assert.deepStrictEqual(await sourceIn(await files()), expected)
    const changed = code()
    // The same files sent whole, in another order, make the same upload.
    assert.strictEqual((await put({ files: Object.fromEntries(Object.entries(expected).toReversed()) })).status, 200)
    assert.strictEqual(code(), changed)
    assert.include(changed, "c/d.ts")
  })

  it("come with secrets, or alone", async () => {
    const { gateway, put } = await begin()
    assert.strictEqual((await put({ changes: { "a.ts": "new" }, env: { KEY: "value" } })).status, 200)
    const [project] = [...gateway.host.projects.values()]
    assert.deepStrictEqual(project?.uploads.at(-1)?.secrets, { KEY: "value" })
  })

  it("are refused with 400 if they are malformed, and change nothing", async () => {
    const { gateway, put } = await begin()
    for (const [body, detail] of [
      [{ changes: { "a.ts": "x" }, files: source }, /files and changes/],
      [{ changes: {} }, /at least one path/],
      [{ changes: null }, /at least one path/],
      [{ changes: ["a.ts"] }, /at least one path/],
      [{ changes: { "a.ts": 1 } }, /"a.ts" in changes/],
      [{ changes: { "a.ts": { base64: "!" } } }, /not base64/],
      [{ changes: { "../a.ts": "x" } }, /'\.\.'/],
      [{ changes: { "a.ts": "x", "./a.ts": null } }, /same file/],
      [{ changes: { "nowhere.ts": null } }, /no file "nowhere.ts"/],
      [{ changes: { "a.ts": null, "b.ts": null, "img/logo.png": null } }, /every file/],
      [{ chnages: { "a.ts": "x" }, files: source }, /did you mean changes/]
    ] as const) {
      const answer = await problem(await put(body))
      assert.deepInclude(answer, { status: 400, code: "invalid_request", charged: false }, JSON.stringify(body))
      assert.match(answer.detail, detail)
    }
    assert.strictEqual([...gateway.host.projects.values()][0]?.uploads.length, 1)
  })

  it("are refused with the limits of the whole project", async () => {
    const { put } = await begin()
    assert.strictEqual((await put({ changes: { "c.ts": "x".repeat(511_995) } })).status, 200)
    assert.deepInclude(await problem(await put({ changes: { "d.ts": "x" } })), { status: 413, code: "code_too_large" })
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`many/${index}.ts`, ""]))
    assert.deepInclude(await problem(await put({ changes: many })), { status: 400, code: "invalid_request" })
  })

  it("apply to the source that is live, and not to one that the host has refused", async () => {
    const { gateway, put, files } = await begin()
    gateway.host.next("upload", failsWith(new CodeRejected({ message: "boom" })))
    assert.strictEqual((await problem(await put({ changes: { "a.ts": "refused" } }))).status, 502)
    assert.deepStrictEqual(await sourceIn(await files()), source)
    assert.strictEqual((await put({ changes: { "b.ts": "3" } })).status, 200)
    assert.deepStrictEqual(await sourceIn(await files()), { ...source, "b.ts": "3" })
  })

  it("apply to the source that is still being retried", async () => {
    const { gateway, put, files } = await begin()
    gateway.host.next("upload", failsWith(new ControlPlaneUnavailable({ message: "down" })))
    assert.strictEqual((await problem(await put({ changes: { "a.ts": "retried" } }))).status, 502)
    assert.strictEqual((await put({ changes: { "b.ts": "3" } })).status, 200)
    assert.deepStrictEqual(await sourceIn(await files()), { ...source, "a.ts": "retried", "b.ts": "3" })
  })

  it("with If-Match are taken for that source alone", async () => {
    const { put, files } = await begin()
    const etag = (await files()).headers.get("etag") ?? ""
    assert.match(etag, /^"[0-9a-f]{64}"$/)
    const taken = await put({ changes: { "a.ts": "new" } }, { "if-match": `"other", ${etag}` })
    assert.strictEqual(taken.status, 200, await taken.clone().text())
    const now = (await files()).headers.get("etag")
    assert.notStrictEqual(now, etag)
    for (const ifMatch of [etag, `W/${now}`, '"other"']) {
      const refused = await problem(await put({ changes: { "a.ts": "newer" } }, { "if-match": ifMatch }))
      assert.deepInclude(refused, { status: 412, code: "precondition_failed", charged: true, etag: now })
    }
    assert.strictEqual((await put({ env: { A: "b" } }, { "if-match": "*" })).status, 200)
    assert.strictEqual((await put({ files: source }, { "if-match": now ?? "" })).status, 200)
    assert.strictEqual((await files()).headers.get("etag"), etag, "the same source has the same tag")
    for (const ifMatch of ["", "abc", '"a" "b"', `"${"x".repeat(5000)}"`]) {
      assert.strictEqual((await put({ files: source }, { "if-match": ifMatch })).status, 400, ifMatch.slice(0, 20))
    }
  })
})

describe("the source of a deployment", () => {
  it("is read by its payer alone, once for each proof", async () => {
    const { gateway, files } = await begin()
    const response = await files()
    assert.strictEqual(response.headers.get("cache-control"), "private")
    assert.isNotNull(response.headers.get("payment-receipt"))
    assert.deepStrictEqual(await sourceIn(response), source)
    assert.deepInclude(await problem(await files("0xsomebody")), { status: 403, code: "forbidden" })
    const id = [...gateway.host.projects.values()][0]?.name.replace("mpp-compute ", "")
    const path = `/deployments/${id}/files`
    const challenge = (await gateway.send(path)).headers.get("www-authenticate") ?? ""
    const authorization = testCredential(challenge, "0xpayer")
    assert.strictEqual((await gateway.send(path, { headers: { authorization } })).status, 200)
    const again = await problem(await gateway.send(path, { headers: { authorization } }))
    assert.match(again.type, /invalid-challenge$/)
    assert.match(again.detail, /used/)
    // A proof for the source deletes nothing.
    const other = testCredential((await gateway.send(path)).headers.get("www-authenticate") ?? "", "0xpayer")
    const removal = await gateway.send(`/deployments/${id}`, { method: "DELETE", headers: { authorization: other } })
    assert.match((await problem(removal)).type, /invalid-challenge$/)
  })

  it("is gone with a deleted deployment", async () => {
    const { gateway, files } = await begin()
    const id = [...gateway.host.projects.values()][0]?.name.replace("mpp-compute ", "")
    const asked = await gateway.send(`/deployments/${id}`, { method: "DELETE" })
    const authorization = testCredential(asked.headers.get("www-authenticate") ?? "", "0xpayer")
    await gateway.send(`/deployments/${id}`, { method: "DELETE", headers: { authorization } })
    assert.deepInclude(await problem(await files()), { status: 410, code: "expired", deployment_id: id })
  })
})
