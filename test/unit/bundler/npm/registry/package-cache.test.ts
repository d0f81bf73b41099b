import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import type { ModuleCache } from "../../../../../src/bundler/remote/module-cache.ts"
import { startRegistry } from "../../../../support/npm/lying-registry.ts"
import { install, memoryCache, openRegistry } from "../../../../support/npm/use-registry.ts"

let registry: Awaited<ReturnType<typeof startRegistry>>
beforeAll(async () => {
  registry = await startRegistry({ good: {} })
})
afterAll(() => registry.stop())

const valid = { headers: { "x-expires-at": String(Date.now() + 600_000) } }
const fails = () => {
  throw new Error("caches are disabled")
}
const rejects = () => Promise.reject(new Error("caches are disabled"))
const hangs = () => new Promise<never>(() => {})
const misses = async () => undefined
const torn = (start: string) => async () => {
  const body = new ReadableStream({
    start: (controller) => {
      controller.enqueue(new TextEncoder().encode(start))
      controller.error(new Error("cut off"))
    }
  })
  return new Response(body, valid)
}

describe("a cache that fails", () => {
  const caches: Readonly<Record<string, object>> = {
    "throws when it is asked": { match: fails, put: fails },
    "refuses when it is asked": { match: rejects, put: rejects },
    "never answers": { match: hangs, put: hangs },
    "keeps half of an entry": { match: torn('{"name":'), put: misses },
    "keeps an entry that never ends": { match: async () => new Response(new ReadableStream(), valid), put: misses },
    "keeps an error": { match: async () => new Response("no", { status: 504, ...valid }), put: misses },
    "keeps another JSON": { match: async () => new Response('{"name":"other","version":5}', valid), put: misses },
    "keeps no JSON": { match: async () => new Response("<html>", valid), put: misses },
    "keeps nothing": { match: async () => new Response(null, valid), put: misses },
    "keeps what is much too large": { match: async () => new Response(" ".repeat(5_000_000), valid), put: misses },
    "throws when it is given something": { match: misses, put: fails },
    "refuses what it is given": { match: misses, put: rejects },
    "never takes what it is given": { match: misses, put: hangs },
    "has no methods": {}
  }
  for (const [what, cache] of Object.entries(caches))
    it(`is a miss: it ${what}`, async () => {
      registry.asked.length = 0
      const started = Date.now()
      const { files } = await install(registry.base, "good", "", { cache: cache as ModuleCache })
      assert.strictEqual(files.get("index.js"), "export default 1")
      assert.lengthOf(registry.asked, 2)
      assert.isBelow(Date.now() - started, 2600, "one that hangs is not waited for again and again")
    })

  it("does not give archives that are cut off or changed", async () => {
    const { cache, entries } = memoryCache()
    await install(registry.base, "good", "", { cache })
    const [key = "", entry] = [...entries].find(([url]) => url.includes("/archive/")) ?? []
    assert.isDefined(entry)
    for (const bytes of [
      entry.bytes.slice(0, -1),
      entry.bytes.slice(0, 3),
      new ArrayBuffer(0),
      new Uint8Array(500).fill(255).buffer
    ]) {
      entries.set(key, { ...entry, bytes })
      registry.asked.length = 0
      const { files } = await install(registry.base, "good", "", { cache })
      assert.strictEqual(files.get("index.js"), "export default 1")
      assert.deepStrictEqual(registry.asked, ["/good/-/1.0.0.tgz"])
    }
  })
})

describe("the budget of a build", () => {
  const versions = Array.from({ length: 1000 }, (_, index) => index)
  /** A registry that has everything, at once. */
  const endless = async (url: string) => {
    const [name = "", version = ""] = url.replace("https://registry.invalid/", "").split("/")
    return Response.json({ name, version: version === "latest" ? "1.0.0" : version, dist: { tarball: "/x" } })
  }
  const open = (use: object = {}) =>
    openRegistry("https://registry.invalid/", { fetch: endless as typeof fetch, ...use }).registry

  it("has 900 requests, those to the cache included", async () => {
    const started = Date.now()
    const build = open()
    const found = await Promise.allSettled(versions.map((version) => build.pick("x", `${version}.0.0`)))
    assert.lengthOf(
      found.filter(({ status }) => status === "fulfilled"),
      900
    )
    const refused = found.filter(({ status }) => status === "rejected").map((it) => "reason" in it && String(it.reason))
    assert.deepStrictEqual(new Set(refused), new Set(["PackageRefused: The packages need more than 900 requests"]))
    assert.isBelow(Date.now() - started, 2000, "a refusal is not tried again")
  })

  it("leaves the most for fetches, whatever the cache does", async () => {
    const { cache } = memoryCache()
    const build = open({ cache })
    const found = await Promise.allSettled(versions.slice(0, 600).map((version) => build.pick("x", `${version}.0.0`)))
    assert.lengthOf(
      found.filter(({ status }) => status === "fulfilled"),
      600
    )
    assert.strictEqual(build.client.budget.requests, 900)
  })

  it("has six connections at a time, in the order of the requests", async () => {
    let open = 0
    let most = 0
    const order: Array<string> = []
    const slow = async (url: string) => {
      order.push(url.split("/").at(-1) ?? "")
      most = Math.max(most, ++open)
      await new Promise((resolve) => setTimeout(resolve, 5))
      open -= 1
      return endless(url)
    }
    const { registry: build } = openRegistry("https://registry.invalid/", { fetch: slow as typeof fetch })
    await Promise.all(versions.slice(0, 50).map((version) => build.pick("x", `${version}.0.0`)))
    assert.strictEqual(most, 6)
    assert.deepStrictEqual(
      order,
      versions.slice(0, 50).map((version) => `${version}.0.0`)
    )
  })

  it("ends everything when the build ends", async () => {
    const signals: Array<AbortSignal> = []
    const hanging = (_url: string, init: RequestInit) => {
      if (init.signal) signals.push(init.signal)
      return new Promise<Response>(() => {})
    }
    const { registry: build } = openRegistry("https://registry.invalid/", { fetch: hanging as typeof fetch })
    const works = Promise.allSettled(versions.slice(0, 50).map((version) => build.pick("x", `${version}.0.0`)))
    await new Promise((resolve) => setTimeout(resolve, 10))
    build.close()
    assert.isTrue((await works).every(({ status }) => status === "rejected"))
    assert.lengthOf(signals, 6)
    assert.isTrue(signals.every(({ aborted }) => aborted))
  })

  it("has 64 MiB for all answers together", async () => {
    const large = await startRegistry({
      x: {
        manifest: (honest) => ({ json: { ...honest, filler: "x".repeat(1_000_000) } }),
        archives: Object.fromEntries(
          versions.slice(0, 70).map((version) => [`${version}.0.0`, new Uint8Array([version])])
        )
      }
    })
    try {
      const { registry: build } = openRegistry(large.base)
      const found = await Promise.allSettled(versions.slice(0, 70).map((version) => build.pick("x", `${version}.0.0`)))
      const complete = found.filter(({ status }) => status === "fulfilled").length
      // Six answers arrive at once: those that are cut off have spent a part of the budget.
      assert.isAtMost(complete, 67)
      assert.isAtLeast(complete, 61)
      const reasons = new Set(found.map((it) => ("reason" in it ? String(it.reason) : "fine")))
      assert.deepStrictEqual(reasons, new Set(["fine", "PackageRefused: The packages are more than 64 MiB to fetch"]))
    } finally {
      await large.stop()
    }
  })
})
