import { env } from "cloudflare:workers"
import { assert, describe, it } from "vitest"
import wasm from "../../../src/bundler/compiler/wasm.ts"
import { program } from "../../../src/bundler/generated/isolate.js"
import { type BundlerOptions, createBundler, RegistryUnavailableError } from "../../../src/bundler/index.ts"
import { type Small, smallRegistry } from "../../support/npm/small-registry.ts"

/** The registry's time for each answer, in milliseconds, and that of a build: it gets some eight answers after each other. */
const ANSWER_MS = 250
const TIME_MS = 2500

/** Isolates of the loader, for builds of their own. */
const ofLoader = { isolates: env.LOADER && { loader: env.LOADER, program } }

/** A package that needs ten others, each of which needs one of two versions of another one. */
const packages: Record<string, Small> = {}
for (let at = 0; at < 10; at++) {
  packages[`leaf${at}@1.0.0`] = { files: { "index.js": `module.exports = ${at}` } }
  packages[`leaf${at}@2.0.0`] = {}
  packages[`branch${at}@1.0.0`] = {
    json: { dependencies: { [`leaf${at}`]: "^1" } },
    files: { "index.js": `module.exports = require("leaf${at}")` }
  }
}
const branches = Array.from({ length: 10 }, (_, at) => `branch${at}`)
packages["root@1.0.0"] = {
  json: { dependencies: Object.fromEntries(branches.map((it) => [it, "^1"])) },
  files: { "index.js": `module.exports = ${branches.map((it) => `require("${it}")`).join(" + ")}` }
}
const FILES = { "index.js": 'import sum from "root"\nexport default { fetch: () => Response.json(sum) }' }

/**
 * Builds until it succeeds. Returns what each try asked the registry for.
 *
 * @param isolates whether each try is in another isolate, which remembers nothing. The memory is by the function that fetches.
 */
const tries = async (
  cache: Required<BundlerOptions>["cache"],
  isolates: boolean,
  registry: string,
  more: Partial<BundlerOptions> = {}
) => {
  const { asked, options } = smallRegistry(packages, registry)
  const slow = async (url: string) => {
    const answer = options.fetch(url)
    await new Promise((resolve) => setTimeout(resolve, ANSWER_MS))
    return answer
  }
  const late: Array<Promise<unknown>> = []
  const make = () =>
    createBundler({
      wasm,
      cache,
      fetch: ((url: string) => slow(url)) as typeof fetch,
      packages: { ...options.packages, timeMs: TIME_MS },
      ...more,
      waitUntil: (work) => void late.push(work)
    })
  const first = make()
  const found: Array<ReadonlyArray<string>> = []
  for (;;) {
    const bundle = await (isolates ? make() : first).bundle(FILES).catch((error: unknown) => {
      assert.instanceOf(error, RegistryUnavailableError)
      assert.match(error.message, /^The packages (did not arrive|were not bundled) in time$/)
    })
    await Promise.all(late)
    found.push(asked.splice(0))
    if (bundle !== undefined) return found
    assert.isBelow(found.length, 5)
  }
}

const disabled = () => Promise.reject(new Error("caches are disabled"))

describe("a build whose packages do not arrive in time", () => {
  const none = async () => ({ match: disabled, put: disabled })
  for (const [where, open, isolates, registry, more] of [
    ["with the platform's cache", () => caches.open("slow-registry"), true, "https://a.test/", {}],
    ["in the same isolate where caches are disabled", none, false, "https://b.test/", {}],
    ["in isolates of a loader", () => caches.open("slow-registry-2"), true, "https://c.test/", ofLoader],
    ["in an isolate of a loader where caches are disabled", none, true, "https://d.test/", ofLoader]
  ] as const)
    it(`goes on where it was when it is repeated, ${where}`, async () => {
      const found = await tries(await open(), isolates, registry, more)
      assert.isAtLeast(found.length, 2)
      assert.isAtMost(found.length, 4)
      const all = found.flat()
      assert.strictEqual(new Set(all).size, all.length, "nothing is asked for twice")
    })
})
