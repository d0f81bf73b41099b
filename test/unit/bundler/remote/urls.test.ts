import { assert, describe, it, vi } from "@effect/vitest"
import type { ModuleCache } from "../../../../src/bundler/remote/module-cache.ts"
import { IMPORT_LIMITS } from "../../../../src/bundler/remote/RemoteModules.ts"
import { checkUrl, ImportRefused } from "../../../../src/bundler/remote/url-rules.ts"
import { answering, makeBundler } from "../../../support/bundler.ts"
import { js, to, makeHosts, importing, complaint } from "./hosts.ts"

describe("URL rules", () => {
  it("accept only https from the named hosts", () => {
    const check = (text: string, base?: string) =>
      checkUrl(text, base === undefined ? undefined : new URL(base), new Set(["esm.sh"])).href
    assert.strictEqual(check("https://ESM.sh/a#b"), "https://esm.sh/a")
    assert.strictEqual(check("../b", "https://esm.sh/a/c"), "https://esm.sh/b")
    const bad = [
      "http://esm.sh/a",
      "https://esm.sh:8443/a",
      "https://user@esm.sh/a",
      "https://:pass@esm.sh/a",
      "https://esm.sh.evil.test/a",
      "https://evil.test/https://esm.sh/a",
      "https://esm.sh./a",
      "https://esm.sh\\@evil.test/",
      "https://127.0.0.1/",
      "https://[::1]/",
      "https://0x7f.1/",
      "https://169.254.169.254/latest/meta-data",
      "https://localhost/",
      "file:///etc/passwd",
      "data:text/javascript,1",
      "//evil.test/a",
      "https://esm.sh/" + "a".repeat(2000),
      "https://"
    ]
    for (const url of bad) {
      const base = url.startsWith("//") ? "https://esm.sh/x" : undefined
      if (!url.includes("\\")) assert.throws(() => check(url, base), ImportRefused, undefined, url)
      else assert.match(check(url), /^https:\/\/esm\.sh\//)
    }
  })
})

describe("URL imports", () => {
  it("are fetched once each, with their own imports relative to their URL", async () => {
    const hosts = makeHosts({
      "https://esm.sh/x": to("/x@1.2/index.mjs"),
      "https://esm.sh/x@1.2/index.mjs":
        "import y from './y.mjs'\nexport { default } from './y.mjs'\nexport const z = y",
      "https://esm.sh/x@1.2/y.mjs":
        "import t from '/t.ts'; import j from '/j.json' with { type: 'json' }; export default [t, j.a]",
      "https://esm.sh/t.ts": new Response("const t: number = 1; export default t", {
        headers: { "content-type": "text/plain" }
      }),
      "https://esm.sh/j.json": new Response('{"a": 2}', { headers: { "content-type": "application/json" } })
    })
    const { values } = makeBundler(hosts)
    const entry = answering(
      "import x from 'https://esm.sh/x'\nimport again from 'https://esm.sh/x@1.2/index.mjs'",
      "x",
      "x === again"
    )
    assert.deepStrictEqual(await values({ "index.ts": entry }), [[1, 2], true])
    // The bundler fetches this twice, because it does not know at first that the two URLs are one module.
    assert.deepStrictEqual([...new Set(hosts.asked)].toSorted(), [
      "https://esm.sh/j.json",
      "https://esm.sh/t.ts",
      "https://esm.sh/x",
      "https://esm.sh/x@1.2/index.mjs",
      "https://esm.sh/x@1.2/y.mjs"
    ])
  })

  it("are found by the compiler if they cannot be guessed", async () => {
    const hosts = makeHosts({
      "https://esm.sh/x": "import /* a comment */ y from /* another */ './y'; export default y",
      "https://esm.sh/y": "export default 3"
    })
    assert.deepStrictEqual(await makeBundler(hosts).values(importing("https://esm.sh/x")), [3])
  })

  it("may use the platform's modules and hono, and no other packages", async () => {
    const good = makeHosts({
      "https://esm.sh/x":
        "import { join } from 'path'; import { Hono } from 'hono'; export default join('a', typeof Hono)"
    })
    assert.deepStrictEqual(await makeBundler(good).values(importing("https://esm.sh/x")), ["a/function"])
    const [found] = await makeBundler(makeHosts({ "https://esm.sh/x": "import 'react'; export default 1" })).refusal(
      importing("https://esm.sh/x")
    )
    assert.deepInclude(found, { file: "https://esm.sh/x", line: 1 })
  })

  it("are not fetched for a source with other errors", async () => {
    const hosts = makeHosts({})
    await makeBundler(hosts).refusal({ "index.ts": "import 'https://esm.sh/x'\nimport './nope'\nexport default 1" })
    assert.deepStrictEqual(hosts.asked, [])
  })

  it("are refused from other hosts, and from all hosts if none is named", async () => {
    assert.include((await complaint({}, "https://evil.test/x")).text, "evil.test is not allowed")
    assert.include((await complaint({}, "http://esm.sh/x")).text, "only https:")
    const [found] = await makeBundler({ ...makeHosts({}), importHosts: [] }).refusal(importing("https://esm.sh/x"))
    assert.include(found?.text, "none is allowed")
  })

  it("follow redirects only to allowed URLs", async () => {
    for (const target of [
      "https://127.0.0.1/",
      "http://esm.sh/x",
      "https://10.0.0.1/x",
      "//evil.test/x",
      "file:///x"
    ]) {
      const { text, asked } = await complaint({ "https://esm.sh/x": to(target) })
      assert.match(text, /not allowed|only https/)
      assert.deepStrictEqual(asked, ["https://esm.sh/x"])
    }
    const loop = await complaint({ "https://esm.sh/x": to("/y"), "https://esm.sh/y": to("/x") })
    assert.include(loop.text, "redirected more than 5 times")
    assert.lengthOf(loop.asked, IMPORT_LIMITS.hops + 1)
  })

  it("are refused when they are not modules", async () => {
    const html = () => new Response("<p>", { headers: { "content-type": "text/html" } })
    assert.include((await complaint({ "https://esm.sh/x": html })).text, "HTML")
    assert.include((await complaint({})).text, "status 404")
    const throwing = () => Promise.reject(new Error("secret detail"))
    const { text } = await complaint({ "https://esm.sh/x": throwing })
    assert.include(text, "could not be fetched")
    assert.notInclude(text, "secret")
  })

  it("have a budget of bytes and of modules", async () => {
    const endless = () =>
      new Response(new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(65_536)) }), js)
    assert.include((await complaint({ "https://esm.sh/x": endless })).text, "larger than")
    const big = "//" + "x".repeat(1_000_000) + "\nexport default 1"
    const four = Object.fromEntries(Array.from({ length: 4 }, (_, index) => [`https://esm.sh/${index}`, big]))
    const all = Array.from({ length: 4 }, (_, index) => `import 'https://esm.sh/${index}'`).join("\n")
    const found = await makeBundler(makeHosts(four)).refusal({ "index.ts": `${all}\nexport default { fetch() {} }` })
    assert.lengthOf(found, 1)
    assert.include(found[0]?.text, "more than 3145728 bytes")
    // The chain has no end: each module imports the next.
    const chain = (async (url: string) =>
      new Response(`import './${Number(url.split("/").at(-1)) + 1}'; export default 1`, js)) as typeof fetch
    const [last] = await makeBundler({ fetch: chain }).refusal(importing("https://esm.sh/0"))
    assert.include(last?.text, "more than 100 modules")
  })

  it("have a budget of time for missing answers and bodies", async () => {
    // A compiler's slot rests for some real milliseconds.
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"], shouldAdvanceTime: true })
    // This timer is not one of those that can be faked.
    const timeout = vi.spyOn(AbortSignal, "timeout").mockImplementation((ms) => {
      const controller = new AbortController()
      setTimeout(() => controller.abort(new DOMException("late", "TimeoutError")), ms)
      return controller.signal
    })
    try {
      const hanging = [() => new Promise<Response>(() => {}), () => new Response(new ReadableStream({}), js)]
      for (const answer of hanging) {
        const outcome = complaint({ "https://esm.sh/x": answer })
        await vi.advanceTimersByTimeAsync(IMPORT_LIMITS.timeMs)
        assert.include((await outcome).text, "did not arrive within the 8 seconds")
      }
    } finally {
      timeout.mockRestore()
      vi.useRealTimers()
    }
  })

  it("are cached between builds by their URL after redirects", async () => {
    const kept = new Map<string, Response>()
    const cache = {
      match: async (url: string) => kept.get(url)?.clone(),
      put: async (url: string, response: Response) => void kept.set(url, response)
    } as unknown as ModuleCache
    const hosts = makeHosts({ "https://esm.sh/x": to("/x@1"), "https://esm.sh/x@1": "export default 1" })
    const { values } = makeBundler({ ...hosts, cache })
    for (let round = 0; round < 2; round++) assert.deepStrictEqual(await values(importing("https://esm.sh/x")), [1])
    assert.deepStrictEqual([...kept.keys()], ["https://esm.sh/x@1"])
    assert.deepStrictEqual(hosts.asked, ["https://esm.sh/x", "https://esm.sh/x@1", "https://esm.sh/x"])
  })
})
