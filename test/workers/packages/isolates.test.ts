import { env } from "cloudflare:workers"
import { assert, describe, it } from "vitest"
import wasm from "../../../src/bundler/compiler/wasm.ts"
import { program } from "../../../src/bundler/generated/isolate.js"
import {
  BundleError,
  BundlerBusyError,
  BundlerCrashError,
  type BundlerOptions,
  createBundler,
  type ModuleCache,
  RegistryUnavailableError
} from "../../../src/bundler/index.ts"
import { memoryCache } from "../../support/npm/use-registry.ts"
import { smallRegistry } from "../../support/npm/small-registry.ts"

const loader = () => {
  if (env.LOADER === undefined) throw new Error("wrangler.jsonc binds no LOADER")
  return env.LOADER
}

const { asked, options } = smallRegistry({
  "a@1.0.0": { json: { dependencies: { b: "^1.0.0" } }, files: { "index.js": 'module.exports = "a" + require("b")' } },
  "c@1.0.0": { files: { "index.js": 'module.exports = "c"' } },
  "big@1.0.0": { files: { "index.js": `module.exports = "${"x".repeat(5 << 20)}"` } },
  "b@1.0.0": { files: { "index.js": 'module.exports = "b"' }, deprecated: "Use c." }
})

const FILES = { "index.ts": 'import a from "a"\nexport default { fetch: () => new Response(a) }\n' }

type Files = Readonly<Record<string, string>>

/** A bundle or an error, as text. */
const outcome = async (bundler: ReturnType<typeof createBundler>, files: Files): Promise<string> => {
  try {
    return JSON.stringify(await bundler.bundle(files, { sourceMap: true }))
  } catch (error) {
    const { name, message } = error as Error
    return JSON.stringify({ name, message, ...(error instanceof BundleError && { ...error }) })
  }
}

const inside = (more: Partial<BundlerOptions> = {}) => createBundler({ wasm, ...options, ...more })
const isolated = (more: Partial<BundlerOptions> = {}, text: string | (() => string) = program) =>
  inside({ isolates: { loader: loader(), program: typeof text === "string" ? () => text : text }, ...more })

describe("a build with packages in an isolate of its own", () => {
  it("is the same as without", async () => {
    const projects: ReadonlyArray<Files> = [
      FILES,
      { ...FILES, "package.json": '{"dependencies": {"a": "^9"}}' },
      { "index.ts": 'import "absent"\nexport default {}' },
      { "index.ts": 'import "big"\nexport default {}' },
      { "index.ts": 'import a from "a"\nimport "./gone"\nexport default { fetch: () => new Response(a) }' },
      { "index.ts": 'import a from "a"\nexport default 1 + a' }
    ]
    for (const files of projects) assert.strictEqual(await outcome(isolated(), files), await outcome(inside(), files))
  })

  it("shares the gateway's cache", async () => {
    const { cache } = memoryCache()
    const files = { "index.ts": 'export { default } from "c"' }
    const failed = (bundler: ReturnType<typeof createBundler>) => bundler.bundle(files).catch(() => {})
    asked.length = 0
    await failed(isolated({ cache }))
    assert.deepStrictEqual(asked, ["c/latest", "c/-/1.0.0.tgz"])
    await failed(inside({ cache }))
    await failed(isolated({ cache }))
    assert.lengthOf(asked, 2)
  })
})

/** A program that replaces the bundler in its isolate. */
const running = (body: string, top = "") => `import { WorkerEntrypoint } from "cloudflare:workers"
${top}
export default class extends WorkerEntrypoint {
  start() {}
  async build(request, outbound) { ${body} }
}`

const ended = (bundler: ReturnType<typeof createBundler>): Promise<unknown> =>
  bundler.bundle(FILES).then(
    ({ code }) => code,
    (error: unknown) => error
  )

describe("an isolate that fails", () => {
  const nextIsFine = async () => assert.include(await ended(isolated()), '"a"')

  it("by an error says nothing about the source", async () => {
    for (const body of [
      "throw new Error('broken')",
      "return undefined",
      "return { other: 1 }",
      "return { error: {} }"
    ]) {
      const error = await ended(isolated({}, running(body)))
      assert.instanceOf(error, BundlerCrashError, body)
    }
    await nextIsFine()
  })

  it("by taking too much memory leaves a refusal at the import that may succeed later", async () => {
    const error = await ended(isolated({}, running("throw new Error('Worker exceeded memory limit.')")))
    assert.instanceOf(error, BundleError)
    assert.isFalse(error.certain)
    assert.include(error.diagnostics[0]?.text, "more memory than a build has")
    await nextIsFine()
  })

  it("by not ending is ended soon after the build's time, and asks nothing more", async () => {
    let calls = 0
    const cache: ModuleCache = { match: async () => void calls++, put: async () => {} }
    const body = `for (;;) {
      await outbound.match("https://npm-packages.invalid/2/x").catch(() => {})
      await new Promise((resolve) => setTimeout(resolve, 5))
    }`
    const packages = { ...options.packages, timeMs: 300 }
    const error = await ended(isolated({ cache, packages }, running(body)))
    assert.instanceOf(error, RegistryUnavailableError)
    assert.isAbove(calls, 2)
    const before = calls
    await new Promise((resolve) => setTimeout(resolve, 200))
    assert.strictEqual(calls, before)
    await nextIsFine()
  })

  it("to start is replaced by a build without it", async () => {
    for (const text of ["}", "throw new Error('no start')", "export default {}"])
      assert.include(await ended(isolated({}, text)), '"a"', text)
  })
})

describe("code that has taken over an isolate", () => {
  /** The outcomes of some expressions inside the isolate. */
  const inIsolate = async (...attempts: ReadonlyArray<string>) => {
    const fetched: Array<string> = []
    const stored: Array<string> = []
    const body = `const outcomes = []
      for (const attempt of [${attempts.map((it) => `async () => ${it}`).join(", ")}])
        outcomes.push(await attempt().then((it) => it instanceof Response ? it.text() : String(it), (error) => error.message.includes("not permitted to access the internet") ? "no network" : "refused"))
      return { bundle: { code: JSON.stringify(outcomes) } }`
    const fetcher = (async (url: unknown, init?: RequestInit) => {
      fetched.push(String(url))
      return new Response(init?.redirect)
    }) as typeof fetch
    const cache: ModuleCache = {
      match: async (key) => new Response(String(key)),
      put: async (key) => void stored.push(String(key))
    }
    const bundler = isolated(
      { fetch: fetcher, cache, importHosts: ["esm.sh"] },
      running(body, 'import { connect } from "cloudflare:sockets"')
    )
    const { code } = await bundler.bundle(FILES)
    return { outcomes: JSON.parse(code) as ReadonlyArray<string>, fetched, stored }
  }

  it("has no network, no cache and no bindings of its own", async () => {
    const { outcomes } = await inIsolate(
      'fetch("https://registry.test/a")',
      'fetch("http://127.0.0.1:1/")',
      'connect("127.0.0.1:1").opened',
      'caches.default.put("https://registry.test/a", new Response("x", { headers: { "cache-control": "max-age=60" } })).then(() => caches.default.match("https://registry.test/a")).then((it) => it.text())',
      "Object.keys(this.env).length"
    )
    assert.deepStrictEqual(outcomes, ["no network", "no network", "no network", "refused", "0"])
  })

  it("reaches the registry and the hosts of imports alone, without redirects", async () => {
    const { outcomes, fetched } = await inIsolate(
      ...[
        "https://registry.test/a",
        "https://esm.sh/a",
        "http://registry.test/a",
        "https://registry.test:8443/a",
        "https://user@registry.test/a",
        "https://registry.test@another.test/a",
        "https://another.test/a",
        "http://esm.sh/a",
        "http://169.254.169.254/",
        "data:text/plain,x",
        "a"
      ].map((url) => `outbound.fetch(${JSON.stringify(url)}, "*/*")`)
    )
    assert.deepStrictEqual(outcomes, ["manual", "manual", ...Array<string>(9).fill("refused")])
    assert.deepStrictEqual(fetched, ["https://registry.test/a", "https://esm.sh/a"])
  })

  it("reads and writes entries of packages and of imports alone", async () => {
    const keys = ["https://npm-packages.invalid/2/a", "https://esm.sh/a", "https://another.test/a", "http://esm.sh/a"]
    const { outcomes, stored } = await inIsolate(
      ...keys.map((key) => `outbound.match(${JSON.stringify(key)})`),
      ...keys.map((key) => `outbound.put(${JSON.stringify(key)}, new Response("x"))`)
    )
    const refused = ["refused", "refused"]
    assert.deepStrictEqual(outcomes, [...keys.slice(0, 2), ...refused, "undefined", "undefined", ...refused])
    assert.deepStrictEqual(stored, keys.slice(0, 2))
  })

  it("makes no more calls than a build needs", async () => {
    const { outcomes } = await inIsolate(
      '(async () => { for (let at = 0; at < 5000; at++) await outbound.match("https://npm-packages.invalid/2/a") })()'
    )
    assert.deepStrictEqual(outcomes, ["refused"])
  })
})

describe("builds at the same time", () => {
  it("all succeed, six with packages and others beside them", async () => {
    const plain = { "index.ts": "export default { fetch: () => new Response('plain') }" }
    const bundler = isolated()
    const builds = [FILES, plain, FILES, FILES, plain, FILES, FILES, FILES].map((files) => bundler.bundle(files))
    for (const { code } of await Promise.all(builds)) assert.match(code, /"a"|plain/)
  })

  it("are turned away beyond six with packages", async () => {
    const waiting = Promise.withResolvers<void>()
    const cache: ModuleCache = { match: () => waiting.promise as Promise<undefined>, put: async () => {} }
    const hanging = isolated(
      { cache },
      running('await outbound.match("https://npm-packages.invalid/2/a"); return { bundle: { code: "" } }')
    )
    const six = Array.from({ length: 6 }, () => ended(hanging))
    assert.instanceOf(await ended(hanging), BundlerBusyError)
    waiting.resolve()
    assert.deepStrictEqual(await Promise.all(six), Array<string>(6).fill(""))
    assert.strictEqual(await ended(hanging), "")
  })
})
