import { assert, describe, it } from "vitest"
import type { Loader } from "../../src/execute/loader.ts"
import { run } from "../../src/execute/run.ts"
import { tryOut } from "../../src/execute/start.ts"

const code = {
  mainModule: "worker.js",
  modules: { "worker.js": "" },
  compatibilityDate: "2026-03-01",
  compatibilityFlags: []
}

/** A loader whose loads break as `breaks` says, in their order; the others answer what harness and probe would. */
const makeLoader = (breaks: ReadonlyArray<boolean>) => {
  const limits: Array<number | undefined> = []
  const loader: Loader = {
    get: (_, loading) => {
      const broken = breaks[limits.length] ?? false
      const loaded = limits.push(undefined) - 1
      return {
        getEntrypoint: () => ({
          fetch: async ({ method }) => {
            const { limits: own, modules } = await loading()
            limits[loaded] = own?.cpuMs
            if (broken) throw new Error("internal error; reference = 1")
            const probes = Object.values(modules).some((text) => String(text).includes("verdict"))
            return new Response(probes ? '""' : method === "POST" ? "r1" : "")
          }
        })
      }
    }
  }
  return { loader, limits }
}

describe("a runtime that fails", () => {
  it("is asked a second time, in another isolate", async () => {
    const { loader, limits } = makeLoader([true])
    const ran = await run(loader, code, null)
    assert.isTrue("ok" in ran && ran.ok && ran.result === "1", JSON.stringify(ran))
    assert.lengthOf(limits, 2)
    assert.deepStrictEqual(await tryOut(makeLoader([true]).loader, code, "run"), { ok: true })
  })

  it("is not the code's fault when nothing else runs either", async () => {
    const broken = { broken: "internal error; reference = 1" }
    assert.deepStrictEqual(await run(makeLoader([true, true, true]).loader, code, null), broken)
    assert.deepStrictEqual(await tryOut(makeLoader([true, true, true]).loader, code, "serve"), broken)
  })

  it("is the code's doing when it fails with this code only", async () => {
    const { loader, limits } = makeLoader([true, true])
    const ran = await run(loader, code, null)
    assert.isTrue("ok" in ran && !ran.ok && ran.error.message.includes("internal error"), JSON.stringify(ran))
    assert.lengthOf(limits, 3)
  })
})

it("starts code that is to be called within the CPU time that its call has", async () => {
  const { loader, limits } = makeLoader([])
  await tryOut(loader, code, "run")
  await run(loader, code, null)
  await tryOut(loader, code, "serve")
  assert.deepStrictEqual(limits, [50, 50, 1000])
})
