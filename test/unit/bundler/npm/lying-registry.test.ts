import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { integrityOf, pack } from "../../../support/npm/archives.ts"
import { type Lies, startRegistry } from "../../../support/npm/lying-registry.ts"
import { failureOf, install, memoryCache, openRegistry } from "../../../support/npm/use-registry.ts"

const html = { body: "<!doctype html><p>Sign in</p>", headers: { "content-type": "text/html" } }
const versions = { "1.0.0": pack("x", "1.0.0"), "2.0.0": pack("x", "2.0.0") }
const encode = (text: string): Uint8Array => new TextEncoder().encode(text)

/** A document whose end is never sent, and one that goes on for some MB. */
const long = (head: string, mb: number) =>
  function* () {
    yield encode(head)
    const part = encode(`"${"x".repeat(65_530)}",`)
    for (let size = 0; size < mb * 1_000_000; size += part.length) yield part
    yield encode('"x"]}')
  }

let redirected = 0
let failures = 0
const PACKAGES: Readonly<Record<string, Lies>> = {
  good: {},
  page: { manifest: () => html },
  "missing-page": { manifest: () => ({ ...html, status: 404 }) },
  "page-list": { archives: versions, packument: () => html },
  down: { manifest: () => ({ body: "busy", status: 503 }) },
  limited: { manifest: () => ({ body: "slow down", status: 429 }) },
  forbidden: { manifest: () => ({ json: {}, status: 403 }) },
  hiccup: { manifest: (honest) => (failures++ === 0 ? { body: "", status: 502 } : { json: honest }) },
  redirect: {
    manifest: () => ({ body: "", status: 302, headers: { location: "/good/latest" } }),
    packument: () => {
      redirected += 1
      return { json: {} }
    }
  },
  hang: { manifest: () => ({ hang: true }) },
  stall: { manifest: () => ({ stall: encode('{"name":"stall",') }) },
  "stall-list": {
    archives: versions,
    packument: () => ({ stall: encode('{"name":"stall-list","versions":{"1.0.0":{') })
  },
  broken: { manifest: () => ({ cut: encode('{"name":"broken"'), length: 1000 }) },
  "broken-list": {
    archives: versions,
    packument: () => ({ cut: encode('{"name":"broken-list","versions":{"1.0.0":{}'), length: 9000 })
  },
  "other-name": { manifest: (honest) => ({ json: { ...honest, name: "good" } }) },
  "other-version": { archives: versions, manifest: (honest) => ({ json: { ...honest, version: "2.0.0" } }) },
  "other-list": { archives: versions, packument: (honest) => ({ json: { ...honest, name: "good" } }) },
  nothing: { manifest: () => ({ json: null }) },
  list: { manifest: () => ({ json: [] }) },
  "no-dist": { manifest: () => ({ json: { name: "no-dist", version: "1.0.0" } }) },
  "no-address": { dist: () => ({ tarball: 5 }) },
  "no-url": { dist: () => ({ tarball: "http://[" }) },
  "no-version": { manifest: (honest) => ({ json: { ...honest, version: "../../1" } }) },
  proto: { manifest: () => ({ body: '{"__proto__":{"name":"proto","version":"1.0.0","dist":{"tarball":"/x"}}}' }) },
  unlisted: {
    archives: versions,
    packument: () => ({ json: { name: "unlisted", versions: { "1.0.0": {}, "1.5.0": {} } } })
  },
  "no-list": { archives: versions, packument: () => ({ json: { name: "no-list" } }) },
  "large-manifest": { manifest: () => ({ stream: long('{"name":"large-manifest","x":[', 10) }) },
  "large-list": {
    archives: versions,
    packument: () => ({ stream: long('{"name":"large-list","versions":{"1.0.0":{}},"x":[', 20) })
  },
  "huge-list": {
    archives: versions,
    packument: () => ({ stream: long('{"name":"huge-list","versions":{"1.0.0":{}},"x":[', 60) })
  }
}

let registry: Awaited<ReturnType<typeof startRegistry>>
beforeAll(async () => {
  registry = await startRegistry(PACKAGES)
})
afterAll(() => registry.stop())

/** Fails in the expected way and time; leaves no answer open; the next build is fine. */
const fails = async (name: string, expected: RegExp, { range = "", timeMs = 2000, withinMs = 1500 } = {}) => {
  const started = Date.now()
  assert.match(await failureOf(install(registry.base, name, range, { timeMs })), expected)
  assert.isBelow(Date.now() - started, withinMs)
  for (let waited = 0; registry.open > 0 && waited < 50; waited++)
    await new Promise((resolve) => setTimeout(resolve, 10))
  assert.strictEqual(registry.open, 0, "every answer was read or ended")
  assert.strictEqual((await install(registry.base, "good")).files.get("index.js"), "export default 1")
}

describe("an answer that is none", () => {
  it("is an outage and never a verdict", async () => {
    await fails("page", /^unavailable: .* is not a description of it/)
    await fails("missing-page", /^unavailable: .* answered 404 for/)
    await fails("page-list", /^unavailable: .* is not a list/, { range: "^1" })
    await fails("down", /^unavailable: .* answered 503 for down@latest/)
    await fails("limited", /^unavailable: .* answered 429/)
    await fails("forbidden", /^unavailable: .* answered 403/)
    await fails("no-list", /^unavailable: .* is not a list/, { range: "^1" })
    await fails("unlisted", /^unavailable: .* lists unlisted@1.5.0 and does not/, { range: "^1" })
    for (const name of ["nothing", "list", "no-dist", "no-address", "no-url", "no-version", "proto"])
      await fails(name, /^unavailable: .* is not a description of it/)
  })

  it("is asked for once more if it may have been an accident", async () => {
    assert.strictEqual((await install(registry.base, "hiccup")).release.version, "1.0.0")
    registry.asked.length = 0
    await failureOf(install(registry.base, "down"))
    await failureOf(install(registry.base, "forbidden"))
    assert.deepStrictEqual(registry.asked, ["/down/latest", "/down/latest", "/forbidden/latest"])
  })

  it("of another package or version does not count", async () => {
    await fails("other-name", /^unavailable: .* is not a description of it/)
    await fails("other-version", /^unavailable: .* is not a description of it/, { range: "1.0.0" })
    await fails("other-list", /^unavailable: .* is not a list/, { range: "^1" })
  })

  it("is not followed anywhere", async () => {
    await fails("redirect", /^unavailable: .* answered 302/)
    assert.strictEqual(redirected, 0)
  })

  it("that breaks off is an outage", async () => {
    await fails("broken", /^unavailable: .* broke off/)
    await fails("broken-list", /^unavailable: .* cannot be read/, { range: "^1" })
  })

  it("that never comes, or never ends, ends at the build's deadline", async () => {
    for (const [name, range] of [
      ["hang", ""],
      ["stall", ""],
      ["stall-list", "^1"]
    ] as const)
      await fails(name, /^unavailable: The packages did not arrive in time/, { range, timeMs: 300, withinMs: 600 })
  })

  it("that is too large is not read to its end", async () => {
    await fails("large-manifest", /^too-large: The description of large-manifest@latest is too large/)
    await fails("huge-list", /^too-large: The list of the versions of huge-list has more than 32 MiB/, { range: "^1" })
    const list = await openRegistry(registry.base).registry.pick("large-list", "^1")
    assert.strictEqual(list.version, "1.0.0", "20 MB are read, because not every registry abbreviates")
  })

  it("of a cut length is as good as the bytes that came", async () => {
    const text = JSON.stringify({
      name: "x",
      version: "1.0.0",
      dist: { tarball: "/x", integrity: integrityOf(encode("")) }
    })
    const answers = [text, text.slice(0, -5), `${text}}`]
    const fetched = answers.map((body) => async () => new Response(body, { headers: { "content-length": "7" } }))
    const found = await Promise.all(
      fetched.map((fetch) => failureOf(openRegistry("https://registry.invalid/", { fetch }).registry.pick("x", "")))
    )
    assert.deepStrictEqual(
      found.map((it) => it.split(":")[0]),
      ["none", "unavailable", "unavailable"]
    )
  })
})

describe("a fetch function that fails", () => {
  const failing = {
    throws: () => {
      throw new Error("no network")
    },
    rejects: () => Promise.reject(new Error("no network")),
    "answers nothing": async () => new Response(null, { status: 204 }),
    "answers with an error in the body": async () =>
      new Response(new ReadableStream({ start: (controller) => controller.error(new Error("reset")) }))
  }
  for (const [how, fetch] of Object.entries(failing))
    it(`is an outage: it ${how}`, async () => {
      const { registry: build } = openRegistry("https://registry.invalid/", { fetch: fetch as never })
      assert.match(await failureOf(build.pick("x", "")), /^unavailable: The package registry/)
    })

  it("does not observe its signal: the build ends nevertheless, and a late answer is cancelled", async () => {
    let cancelled = false
    const late = () => new ReadableStream({ cancel: () => void (cancelled = true) })
    const fetch = () => new Promise<Response>((resolve) => setTimeout(resolve, 150, new Response(late())))
    const { registry: build } = openRegistry("https://registry.invalid/", { fetch, timeMs: 50 })
    assert.match(await failureOf(build.pick("x", "")), /did not arrive in time/)
    await new Promise((resolve) => setTimeout(resolve, 150))
    assert.isTrue(cancelled)
  })
})

describe("a build that ran out of time", () => {
  it("leaves what it fetched in the cache, so that the repeat asks for less", async () => {
    const { cache } = memoryCache()
    const { registry: build, archives } = openRegistry(registry.base, { cache, timeMs: 300 })
    const works = ["good", "hang"].map(async (name) => archives.files(await build.pick(name, "")))
    assert.match(await failureOf(Promise.all(works)), /did not arrive in time/)
    registry.asked.length = 0
    await install(registry.base, "good", "", { cache })
    assert.deepStrictEqual(registry.asked, [])
  })
})
