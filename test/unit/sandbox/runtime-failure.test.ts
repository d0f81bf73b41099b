import { assert, describe, it, vi } from "vitest"
import type { WorkerLoader } from "../../../src/sandbox/worker/loader.ts"
import { run } from "../../../src/sandbox/worker/run.ts"
import { check } from "../../../src/sandbox/worker/start.ts"

const code = {
  mainModule: "worker.js",
  modules: { "worker.js": "" },
  compatibilityDate: "2026-03-01",
  compatibilityFlags: []
}

/** A loader whose loads fail as `failures` lists, in order. The others answer like a runtime and the gateway's modules. */
const makeLoader = (failures: ReadonlyArray<boolean> | "all") => {
  const limits: Array<number | undefined> = []
  const loader: WorkerLoader = {
    get: (_, loading) => {
      const fails = failures === "all" || (failures[limits.length] ?? false)
      const index = limits.push(undefined) - 1
      return {
        getEntrypoint: (name) => ({
          fetch: async ({ method }) => {
            const { limits: own, modules } = await loading()
            limits[index] = own?.cpuMs
            if (fails) throw new Error("internal error; reference = 1")
            const has = Object.values(modules).some((text) => String(text).includes(`class ${name} `))
            if (name !== undefined && !has) throw new Error(`Worker has no such entrypoint: ${name}`)
            const inspects = Object.values(modules).some((text) => String(text).includes("inspect"))
            return new Response(inspects ? "k" : method === "POST" ? "r1" : "")
          }
        })
      }
    }
  }
  return { loader, limits }
}

describe("a runtime that fails", () => {
  it("gets a second attempt, in another isolate", async () => {
    const { loader, limits } = makeLoader([true])
    const ran = await run(loader, code, null)
    assert.isTrue("ok" in ran && ran.ok && ran.result === "1", JSON.stringify(ran))
    assert.lengthOf(limits, 2)
    for (const purpose of ["run", "serve"] as const)
      assert.deepStrictEqual(await check(makeLoader([true]).loader, code, purpose), { ok: true })
  })

  it("is not the code's fault when the control code does not run either", async () => {
    const failure = { runtimeFailure: "internal error; reference = 1" }
    assert.deepStrictEqual(await run(makeLoader("all").loader, code, null), failure)
    assert.deepStrictEqual(await check(makeLoader("all").loader, code, "serve"), failure)
  })

  it("is the code's error when only this code fails", async () => {
    const { loader, limits } = makeLoader([true, true])
    const ran = await run(loader, code, null)
    assert.isTrue("ok" in ran && !ran.ok && ran.error.message.includes("internal error"), JSON.stringify(ran))
    assert.lengthOf(limits, 3)
  })
})

it("starts code for a call within the CPU limit of the call", async () => {
  const { loader, limits } = makeLoader([])
  await check(loader, code, "run")
  await run(loader, code, null)
  await check(loader, code, "serve")
  assert.deepStrictEqual(limits, [50, 50, 1000])
})

describe("a runtime that does not name a missing entrypoint", () => {
  /** Its answer is that of any internal failure; `starts` is whether the runtime accepts the code's exports. */
  const makeLoader = (starts: boolean): WorkerLoader => ({
    get: (_, loading) => ({
      getEntrypoint: (name) => ({
        fetch: async () => {
          const { mainModule, modules } = await loading()
          const text = String(modules[mainModule])
          if (text.includes("inspect") && name === undefined) return new Response("k")
          if (name === undefined) return new Response()
          if (text.includes("inspect") || !text.includes("export * from"))
            throw new Error("internal error; reference = 1")
          if (!starts) throw new TypeError("Incorrect type for map entry 'MAX'")
          return new Response(name)
        }
      })
    })
  })

  it("starts the code beside a generated module with the same exports", async () => {
    assert.deepStrictEqual(await check(makeLoader(true), code, "serve"), { ok: true })
    assert.deepStrictEqual(await check(makeLoader(false), code, "serve"), {
      ok: false,
      message: "Incorrect type for map entry 'MAX'"
    })
  })
})

describe("an answer that the code has replaced", () => {
  /** A loader where the code replaces the answer of the gateway's module. */
  const answering = (body: () => ReadableStream<Uint8Array> | string): WorkerLoader => ({
    get: () => ({
      getEntrypoint: () => ({ fetch: ({ method }) => Promise.resolve(new Response(method === "GET" ? "" : body())) })
    })
  })
  const stream = (bytes: number, pieces: number) => () =>
    new ReadableStream<Uint8Array>(
      { pull: (to) => to.enqueue(new Uint8Array(bytes).fill(114)) },
      { highWaterMark: pieces }
    )

  it("is read up to the limit of a result", async () => {
    const ran = await run(answering(stream(1 << 20, 1)), code, null)
    assert.isTrue("ok" in ran && !ran.ok && ran.error.name === "ResultTooLarge", JSON.stringify(ran))
  })

  it("ends in time when it comes in endless small pieces", async () => {
    vi.useFakeTimers({ toFake: ["Date"] })
    try {
      let seconds = 0
      const second = (to: ReadableStreamDefaultController<Uint8Array>) => {
        vi.setSystemTime(Date.now() + 1000)
        // It ends where nothing ends it, because no timer fires between the pieces, the test's own included.
        if (++seconds > 30) to.close()
        else to.enqueue(new Uint8Array(0))
      }
      const slow = () => new ReadableStream<Uint8Array>({ pull: second }, { highWaterMark: 0 })
      const ran = await run(answering(slow), code, null)
      assert.isTrue("ok" in ran && !ran.ok && ran.error.name === "TimeoutError", JSON.stringify(ran))
      assert.strictEqual(seconds, 11)
    } finally {
      vi.useRealTimers()
    }
  })

  it("is not a result unless it is JSON", async () => {
    for (const body of ["r{", "", "x1", "rundefined"]) {
      const ran = await run(
        answering(() => body),
        code,
        null
      )
      assert.isTrue("ok" in ran && !ran.ok && /cannot be read/.test(ran.error.message), body)
    }
  })

  it("is a failed start", async () => {
    const endless: WorkerLoader = {
      get: () => ({ getEntrypoint: () => ({ fetch: () => Promise.resolve(new Response(stream(1 << 20, 1)())) }) })
    }
    const found = await check(endless, code, "run")
    assert.isTrue("ok" in found && !found.ok && /cannot be read/.test(found.message), JSON.stringify(found))
  })
})
