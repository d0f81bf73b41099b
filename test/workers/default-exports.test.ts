import { env } from "cloudflare:workers"
import * as Effect from "effect/Effect"
import * as fc from "fast-check"
import { assert, describe, inject, it } from "vitest"
import { CodeRunner } from "../../src/sandbox/CodeRunner.ts"
import { programs } from "../support/default-exports.ts"
import { layerLoader } from "../../src/sandbox/layers.ts"

const loader = () => {
  if (env.LOADER === undefined) throw new Error("wrangler.jsonc binds no LOADER")
  return env.LOADER
}

const check = (code: string) =>
  Effect.runPromise(
    Effect.flatMap(CodeRunner, (runner) =>
      Effect.flip(runner.check({ main: "worker.js", code, compatibilityFlags: ["nodejs_compat"] }, "serve"))
    ).pipe(
      Effect.orElseSucceed(() => "starts" as const),
      Effect.provide(layerLoader(loader()))
    )
  )

/** Returns the runtime's error for the same module as a site of the local host, at the first request; "" if it serves. */
const atHost = async (code: string): Promise<string> => {
  // The isolate has no name, because a named isolate is never released.
  const site = loader().get(null, async () => ({
    mainModule: "worker.js",
    modules: { "worker.js": code },
    compatibilityDate: "2026-07-01",
    compatibilityFlags: ["nodejs_compat"],
    env: { PROJECT_ID: "proj_of_a_host" },
    globalOutbound: null
  }))
  try {
    await (await site.getEntrypoint().fetch(new Request("http://site.test/"))).text()
    return ""
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause)
  }
}

/** Whether there was no start, or nothing that can serve, in words that only the runtime uses. */
const isDead = (words: string) =>
  /^Failed to start Worker|^internal error; reference|does not export a fetch|no default entrypoint|access the internet via global functions/.test(
    words
  )

describe("random default exports", () => {
  it("are accepted only when the runtime starts them, and refused only when it does not", async () => {
    const counts = { accepted: 0, refused: 0 }
    await fc.assert(
      fc.asyncProperty(programs, async (code) => {
        const [result, words] = await Promise.all([check(code), atHost(code)])
        const accepted = result === "starts"
        counts[accepted ? "accepted" : "refused"]++
        assert.strictEqual(accepted, !isDead(words), `${code}\n${String(result)}\n${words}`)
      }),
      // The same programs in each run of the suite, others in each run of many: what those find is mended, and lands.
      { numRuns: inject("randomExports"), ...(inject("randomExports") <= 200 && { seed: 20_261_126 }) }
    )
    // Neither side is empty, and the tests do not drift to one.
    assert.isAbove(counts.accepted, inject("randomExports") / 10)
    assert.isAbove(counts.refused, inject("randomExports") / 10)
  }, 600_000)
})

declare module "vitest" {
  interface ProvidedContext {
    /** The number of random programs. */
    readonly randomExports: number
  }
}
