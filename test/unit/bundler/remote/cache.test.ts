import { assert, describe, it } from "@effect/vitest"
import { guessImports } from "../../../../src/bundler/remote/guess-imports.ts"
import { fetchGraph } from "../../../../src/bundler/remote/fetch-graph.ts"
import type { ModuleCache } from "../../../../src/bundler/remote/module-cache.ts"
import { RemoteModules } from "../../../../src/bundler/remote/RemoteModules.ts"
import { ImportRefused } from "../../../../src/bundler/remote/url-rules.ts"
import { answering, makeBundler } from "../../../support/bundler.ts"
import { js, makeHosts, importing } from "./hosts.ts"

describe("a cache that fails", () => {
  const fails = () => {
    throw new Error("caches are disabled")
  }
  const rejects = () => Promise.reject(new Error("caches are disabled"))
  const hangs = () => new Promise<never>(() => {})
  const misses = async () => undefined
  const torn = () => {
    const start = (stream: ReadableStreamDefaultController) => {
      stream.enqueue(new TextEncoder().encode("export default"))
      stream.error(new Error("cut off"))
    }
    return Promise.resolve(new Response(new ReadableStream({ start }), js))
  }
  const stuck = () => Promise.resolve(new Response(new ReadableStream(), js))
  const caches: Readonly<Record<string, object>> = {
    "throws when it is asked": { match: fails, put: fails },
    "refuses when it is asked": { match: rejects, put: rejects },
    "never answers": { match: hangs, put: hangs },
    "keeps half of a module": { match: torn, put: misses },
    "keeps a module that never ends": { match: stuck, put: misses },
    "keeps an error": { match: async () => new Response("no", { status: 504 }), put: misses },
    "throws when it is given something": { match: misses, put: fails },
    "refuses what it is given": { match: misses, put: rejects },
    "never takes what it is given": { match: misses, put: hangs },
    "has no methods": {}
  }
  const modules = Object.fromEntries(
    Array.from({ length: 20 }, (_, n) => [`https://esm.sh/${n}`, `export default ${n}`] as const)
  )
  const index = Object.keys(modules).map((url, n) => `import m${n} from "${url}"`)
  const files = {
    "index.ts": answering(index.join("\n"), `[${index.map((_, n) => `m${n}`).join()}].length`)
  }
  for (const [what, cache] of Object.entries(caches)) {
    it(`is a miss if it ${what}`, async () => {
      const hosts = makeHosts(modules)
      const started = Date.now()
      assert.deepStrictEqual(await makeBundler({ ...hosts, cache: cache as ModuleCache }).values(files), [20])
      assert.strictEqual(hosts.asked.length, 20)
      assert.isBelow(Date.now() - started, 4000, "one that hangs is not waited for again and again")
    })
  }

  for (const [what, scope] of [
    ["has none", {}],
    ["has no default one", { caches: {} }],
    [
      "does not let anybody look",
      {
        get caches() {
          return fails()
        }
      }
    ],
    [
      "does not let anybody look at the default one",
      {
        caches: {
          get default() {
            return fails()
          }
        }
      }
    ],
    ["has one that throws", { caches: { default: { match: fails, put: fails } } }]
  ] as const) {
    it(`is a miss if the platform ${what}`, async () => {
      const before = Object.getOwnPropertyDescriptor(globalThis, "caches")
      const given = Object.getOwnPropertyDescriptor(scope, "caches") ?? { value: undefined }
      Object.defineProperty(globalThis, "caches", { ...given, configurable: true })
      try {
        assert.deepStrictEqual(await makeBundler(makeHosts(modules)).values(files), [20])
      } finally {
        if (before === undefined) Reflect.deleteProperty(globalThis, "caches")
        else Object.defineProperty(globalThis, "caches", before)
      }
    })
  }
})

describe("guessed imports", () => {
  it("are the imports of minified modules", () => {
    const text = `import"/a.mjs";import{b as c}from"./b";export*from"https://esm.sh/c";const d=import("../d");import e from"pkg"`
    assert.deepStrictEqual(guessImports(text), ["/a.mjs", "./b", "https://esm.sh/c", "../d"])
  })

  it("cost only a request if they are wrong", async () => {
    const hosts = makeHosts({ "https://esm.sh/x": "// import './nope'\nexport default 1" })
    const remote = new RemoteModules({ hosts: new Set(["esm.sh"]), fetch: hosts.fetch, cache: undefined })
    await fetchGraph(remote, ["https://esm.sh/x"])
    assert.instanceOf(remote.get("https://esm.sh/nope"), ImportRefused)
    assert.deepStrictEqual(await makeBundler(hosts).values(importing("https://esm.sh/x")), [1])
  })
})
