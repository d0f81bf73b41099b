import { randomBytes } from "node:crypto"
import { afterEach, assert, describe, it, vi } from "@effect/vitest"
import { InstanceCrash, InstanceTimeout } from "../../../src/bundler/compiler/worker-shim.ts"
import { BundlerBusyError, RegistryUnavailableError } from "../../../src/bundler/index.ts"
import { PackageRefused } from "../../../src/bundler/npm/errors.ts"
import { PACKAGE_LIMITS } from "../../../src/bundler/npm/limits.ts"
import { Package } from "../../../src/bundler/npm/package/Package.ts"
import { explainCrash } from "../../../src/bundler/npm/report/crashes.ts"
import { answering, makeBundler } from "../../support/bundler.ts"
import { smallRegistry } from "../../support/npm/small-registry.ts"

afterEach(() => void vi.restoreAllMocks())

/** Lets the clock say that this much time has passed. */
const pass = (ms: number) => {
  const now = Date.now.bind(Date)
  vi.spyOn(Date, "now").mockImplementation(() => now() + ms)
}

const FILES = { "index.ts": answering('import a from "a"', "a") }
const PACKAGES = { "a@1.0.0": { files: { "index.js": "module.exports = 1" } } }

const packageOf = (name: string): Package => {
  const release = { name, version: "1.0.0", tarball: "", integrity: undefined, shasum: undefined }
  const archive = { files: new Map(), paths: new Set<string>(), wide: true }
  const origin = { site: { file: "index.ts", specifier: name }, from: undefined }
  return new Package({ ...release, unpackedSize: 0, deprecated: undefined }, archive, `${name}@1.0.0`, "", origin)
}

describe("a build with packages that is not in time", () => {
  it("is no verdict where the registry took the compiler's time, and the next build is fine", async () => {
    const { options } = smallRegistry(PACKAGES)
    const slow = (async (url: string) => {
      if (url.endsWith(".tgz")) pass(PACKAGE_LIMITS.timeMs)
      return options.fetch(url)
    }) as typeof fetch
    const failed: unknown = await makeBundler({ ...options, fetch: slow })
      .bundle(FILES)
      .catch((error: unknown) => error)
    assert.instanceOf(failed, BundlerBusyError)
    vi.restoreAllMocks()
    assert.deepStrictEqual(await makeBundler(options).values(FILES), [1])
  })

  it("is a refusal that names the packages only if the compiler had its time and too much to do", () => {
    const sizes = new Map([
      [packageOf("a"), 100_000],
      [packageOf("b"), 3_500_000]
    ])
    assert.instanceOf(explainCrash(new InstanceTimeout(PACKAGE_LIMITS.compileMs - 1), sizes), RegistryUnavailableError)
    const feasible = new Map([[packageOf("b"), 3_000_000]])
    assert.instanceOf(explainCrash(new InstanceTimeout(PACKAGE_LIMITS.compileMs), feasible), RegistryUnavailableError)
    for (const crash of [new InstanceTimeout(PACKAGE_LIMITS.compileMs), new InstanceCrash("out of memory")]) {
      const error = explainCrash(crash, sizes)
      assert.instanceOf(error, PackageRefused)
      assert.include(error.hint, "b@1.0.0 (3.3 MiB)")
      assert.include(error.hint, "Import only the parts that are used")
      assert.deepInclude(error, { package: "b", version: "1.0.0", chain: ["index.ts", "b@1.0.0"] })
      assert.deepStrictEqual(error.site, { file: "index.ts", specifier: "b" })
    }
  })

  it("stops installing some seconds before its end", async () => {
    const { timeout } = AbortSignal
    const times: Array<number> = []
    vi.spyOn(AbortSignal, "timeout").mockImplementation((ms) => {
      times.push(ms)
      return timeout.call(AbortSignal, 100)
    })
    const never = (() => new Promise(() => {})) as typeof fetch
    const failed: unknown = await makeBundler({ ...smallRegistry(PACKAGES).options, fetch: never })
      .bundle(FILES)
      .catch((error: unknown) => error)
    assert.instanceOf(failed, RegistryUnavailableError)
    assert.deepStrictEqual(times, [PACKAGE_LIMITS.timeMs - 3000])
  })

  it("keeps no other build from its packages while it waits for its own", async () => {
    const { options } = smallRegistry(PACKAGES)
    const over = Promise.withResolvers<Response>()
    const hanging = makeBundler({ ...options, fetch: (() => over.promise) as typeof fetch })
    const failed = hanging.bundle(FILES).catch((error: unknown) => error)
    assert.deepStrictEqual(await makeBundler(options).values(FILES), [1])
    over.resolve(new Response("{}", { status: 404 }))
    assert.include(String(await failed), "There is no package a on npm")
  })
})

describe("the time of a build with packages", () => {
  const TIME = 1500
  const timed = async (work: Promise<unknown>): Promise<readonly [error: unknown, ms: number]> => {
    const started = Date.now()
    const error: unknown = await work.catch((error: unknown) => error)
    return [error, Date.now() - started]
  }
  const bundlerOf = ({ options }: ReturnType<typeof smallRegistry>, fetcher = options.fetch, timeMs = TIME) =>
    makeBundler({ fetch: fetcher, packages: { ...options.packages, timeMs } })

  it("ends while the registry hangs, and the compiler's share is left", async () => {
    // The first build of a process starts the compiler.
    await makeBundler()
      .bundle({ "index.ts": "export default {}" })
      .catch(() => {})
    const never = (() => new Promise(() => {})) as typeof fetch
    const [error, ms] = await timed(bundlerOf(smallRegistry(PACKAGES), never).bundle(FILES))
    assert.instanceOf(error, RegistryUnavailableError)
    assert.isAtLeast(ms, TIME * PACKAGE_LIMITS.installShare - 50)
    assert.isBelow(ms, TIME + 500)
  })

  it("ends while it waits for its turn, and the build that has it goes on", async () => {
    // Packages of many bytes take the turn: the one that comes next hangs.
    const filler = randomBytes(5 << 20).toString("hex")
    const json = { dependencies: { b: "1" } }
    const large = smallRegistry({
      "a@1.0.0": { json, files: { "index.js": `import "b"\n//${filler}` } },
      "b@1.0.0": {}
    })
    const over = Promise.withResolvers<void>()
    const holding = Promise.withResolvers<void>()
    const slow = (async (url: string) => {
      if (!url.includes("/b/")) return large.options.fetch(url)
      holding.resolve()
      await over.promise
      return large.options.fetch(url)
    }) as typeof fetch
    const first = timed(bundlerOf(large, slow, 60_000).bundle(FILES))
    await holding.promise
    const small = bundlerOf(smallRegistry(PACKAGES))
    const [error, ms] = await timed(small.bundle(FILES))
    assert.instanceOf(error, BundlerBusyError)
    assert.isAtLeast(ms, TIME - 50)
    assert.isBelow(ms, TIME + 1000)
    over.resolve()
    assert.include(String((await first)[0]), "The modules that are imported have more than 4.0 MiB")
    assert.deepStrictEqual(await small.values(FILES), [1])
  })
})
