import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { integrityOf } from "../../../../support/npm/archives.ts"
import { hostileAnswers } from "../../../../support/npm/hostile-answers.ts"
import { startRegistry } from "../../../../support/npm/lying-registry.ts"
import { failureOf, install, memoryCache, openRegistry } from "../../../../support/npm/use-registry.ts"

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)

let registry: Awaited<ReturnType<typeof startRegistry>>
beforeAll(async () => {
  registry = await startRegistry(hostileAnswers())
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
    registry.asked.length = 0
    await fails("redirect", /^unavailable: .* answered 302/)
    assert.notInclude(registry.asked.slice(0, -2).join(), "good", "the next build asks for it")
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

  it("that is refused is not read on while the build continues", async () => {
    const { registry: build } = openRegistry(registry.base)
    await failureOf(build.pick("large-manifest", ""))
    await failureOf(build.pick("huge-list", "^1"))
    await new Promise((resolve) => setTimeout(resolve, 50))
    assert.strictEqual(registry.open, 0)
    build.close()
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
    build.close()
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

  it("leaves there what is under way as well, if that comes soon", async () => {
    const { cache } = memoryCache()
    const late = (async (url: string, init: RequestInit) => {
      await new Promise((resolve) => setTimeout(resolve, 150))
      return fetch(url, init)
    }) as typeof fetch
    const { registry: build } = openRegistry(registry.base, { cache, fetch: late, timeMs: 50 })
    assert.match(await failureOf(build.pick("good", "")), /did not arrive in time/)
    assert.match(await failureOf(build.pick("other", "")), /did not arrive in time/, "nothing new begins")
    await build.linger()
    registry.asked.length = 0
    await openRegistry(registry.base, { cache }).registry.pick("good", "")
    assert.deepStrictEqual(registry.asked, [])
  })
})
