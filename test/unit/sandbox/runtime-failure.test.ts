import { assert, describe, it } from "vitest"
import type { Loader } from "../../../src/sandbox/worker/loader.ts"
import { run } from "../../../src/sandbox/worker/run.ts"
import { tryOut } from "../../../src/sandbox/worker/start.ts"

const code = {
  mainModule: "worker.js",
  modules: { "worker.js": "" },
  compatibilityDate: "2026-03-01",
  compatibilityFlags: []
}

/** A loader whose loads break as `breaks` says, in their order; the others answer what a runtime and our modules would. */
const makeLoader = (breaks: ReadonlyArray<boolean> | "all") => {
  const limits: Array<number | undefined> = []
  const loader: Loader = {
    get: (_, loading) => {
      const broken = breaks === "all" || (breaks[limits.length] ?? false)
      const loaded = limits.push(undefined) - 1
      return {
        getEntrypoint: (name) => ({
          fetch: async ({ method }) => {
            const { limits: own, modules } = await loading()
            limits[loaded] = own?.cpuMs
            if (broken) throw new Error("internal error; reference = 1")
            if (name !== undefined) throw new Error(`Worker has no such entrypoint: ${name}`)
            const looks = Object.values(modules).some((text) => String(text).includes("judge"))
            return new Response(looks ? "k" : method === "POST" ? "r1" : "")
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
    for (const purpose of ["run", "serve"] as const)
      assert.deepStrictEqual(await tryOut(makeLoader([true]).loader, code, purpose), { ok: true })
  })

  it("is not the code's fault when nothing else runs either", async () => {
    const broken = { broken: "internal error; reference = 1" }
    assert.deepStrictEqual(await run(makeLoader("all").loader, code, null), broken)
    assert.deepStrictEqual(await tryOut(makeLoader("all").loader, code, "serve"), broken)
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
  assert.deepStrictEqual(limits, [50, 50, 1000, 1000])
})

describe("a runtime that does not name an entrypoint that is not there", () => {
  /** What it says of one, as of every failure of its own; `starts` is whether our module finds the code's exports valid. */
  const makeLoader = (starts: boolean): Loader => ({
    get: (_, loading) => ({
      getEntrypoint: (name) => ({
        fetch: async () => {
          const { mainModule, modules } = await loading()
          const text = String(modules[mainModule])
          if (text.includes("judge")) return new Response("k")
          if (name === undefined) return new Response()
          if (!text.includes("export * from")) throw new Error("internal error; reference = 1")
          if (!starts) throw new TypeError("Incorrect type for map entry 'MAX'")
          return new Response(name)
        }
      })
    })
  })

  it("starts the code beside a module of ours that exports the same", async () => {
    assert.deepStrictEqual(await tryOut(makeLoader(true), code, "serve"), { ok: true })
    assert.deepStrictEqual(await tryOut(makeLoader(false), code, "serve"), {
      ok: false,
      message: "Incorrect type for map entry 'MAX'"
    })
  })
})

describe("an answer that is none of ours", () => {
  /** A loader where code has got hold of the answer of our module. */
  const answering = (body: () => ReadableStream<Uint8Array> | string): Loader => ({
    get: () => ({
      getEntrypoint: () => ({ fetch: ({ method }) => Promise.resolve(new Response(method === "GET" ? "" : body())) })
    })
  })
  const stream = (bytes: number, pieces: number) => () =>
    new ReadableStream<Uint8Array>(
      { pull: (to) => to.enqueue(new Uint8Array(bytes).fill(114)) },
      { highWaterMark: pieces }
    )

  it("is not read further than a result is long", async () => {
    const ran = await run(answering(stream(1 << 20, 1)), code, null)
    assert.isTrue("ok" in ran && !ran.ok && ran.error.name === "ResultTooLarge", JSON.stringify(ran))
  })

  it("is ended in time when it comes in endless small pieces", async () => {
    const ran = await run(answering(stream(0, 0)), code, null)
    assert.isTrue("ok" in ran && !ran.ok && ran.error.name === "TimeoutError", JSON.stringify(ran))
  }, 30_000)

  it("is no result unless it is JSON", async () => {
    for (const said of ["r{", "", "x1", "rundefined"]) {
      const ran = await run(
        answering(() => said),
        code,
        null
      )
      assert.isTrue("ok" in ran && !ran.ok && /cannot be read/.test(ran.error.message), said)
    }
  })

  it("is no verdict", async () => {
    const endless: Loader = {
      get: () => ({ getEntrypoint: () => ({ fetch: () => Promise.resolve(new Response(stream(1 << 20, 1)())) }) })
    }
    const found = await tryOut(endless, code, "run")
    assert.isTrue("ok" in found && !found.ok && /cannot be read/.test(found.message), JSON.stringify(found))
  })
})
