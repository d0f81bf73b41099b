import { afterEach, assert, beforeEach, describe, it, vi } from "@effect/vitest"
import { ROOT, VirtualFs } from "../../../../src/bundler/compiler/VirtualFs.ts"
import { LargePool } from "../../../../src/bundler/compiler/pool/LargePool.ts"
import { Pool } from "../../../../src/bundler/compiler/pool/Pool.ts"
import { BundlerBusyError } from "../../../../src/bundler/index.ts"
import { wasm } from "../../../support/bundler.ts"

const TIME = 15_000

/** More bytes than a build may hold without the slot, and as many as two may. */
const [MANY, FEW] = [9 << 20, 4 << 20]

/** Builds of a given time in one isolate, and what happens to them, in order. */
const start = () => {
  const pool = new LargePool(wasm, new Pool(wasm))
  const events: Array<string> = []
  const build = async (name: string, ms: number, timeMs = TIME, bytes = MANY): Promise<void> => {
    try {
      await pool.run(Date.now() + timeMs, async ({ hold }) => {
        await hold(bytes)
        events.push(`${name} begins`)
        await new Promise((resolve) => setTimeout(resolve, ms))
      })
      events.push(`${name} ends`)
    } catch (error) {
      assert.instanceOf(error, BundlerBusyError)
      events.push(`${name} is busy`)
    }
  }
  return { events, build }
}

describe("the queue of builds with packages", () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it("runs one at a time, in the order of arrival", async () => {
    const { events, build } = start()
    const all = [build("a", 1000), build("b", 300), build("c", 10)]
    await vi.advanceTimersByTimeAsync(990)
    all.push(build("d", 10))
    await vi.advanceTimersByTimeAsync(1000)
    await Promise.all(all)
    assert.deepStrictEqual(
      events,
      ["a", "b", "c", "d"].flatMap((name) => [`${name} begins`, `${name} ends`])
    )
  })

  it("lets builds that hold few bytes together go on beside the one that has the slot", async () => {
    const { events, build } = start()
    const all = [build("a", 1000)]
    await vi.advanceTimersByTimeAsync(0)
    all.push(build("b", 500, TIME, FEW), build("c", 10, TIME, FEW), build("d", 10, TIME, FEW))
    await vi.advanceTimersByTimeAsync(510)
    assert.deepStrictEqual(events, ["a begins", "b begins", "c begins", "c ends", "b ends"])
    await vi.advanceTimersByTimeAsync(1000)
    await Promise.all(all)
    assert.deepStrictEqual(events.slice(5), ["a ends", "d begins", "d ends"])
  })

  it("lets a build that comes when the slot is free not pass those that wait", async () => {
    const { events, build } = start()
    const all = [build("a", 105), build("b", 10)]
    await vi.advanceTimersByTimeAsync(106)
    assert.deepStrictEqual(events, ["a begins", "a ends"])
    all.push(build("c", 10))
    await vi.advanceTimersByTimeAsync(100)
    await Promise.all(all)
    assert.deepStrictEqual(events.slice(2), ["b begins", "b ends", "c begins", "c ends"])
  })

  it("turns a build away when its time is over, and the next has its turn", async () => {
    const { events, build } = start()
    const all = [build("a", 14_000), build("b", 10, 2000), build("c", 10)]
    await vi.advanceTimersByTimeAsync(2020)
    assert.deepStrictEqual(events, ["a begins", "b is busy"])
    await vi.advanceTimersByTimeAsync(12_100)
    await Promise.all(all)
    assert.deepStrictEqual(events.slice(2), ["a ends", "c begins", "c ends"])
  })

  it("turns a build away at once when five wait", async () => {
    const { events, build } = start()
    const all = [build("a", 100), ...Array.from({ length: 5 }, (_, at) => build(`w${at}`, 10))]
    await vi.advanceTimersByTimeAsync(0)
    await build("seventh", 10)
    assert.deepStrictEqual(events, ["a begins", "seventh is busy"])
    await vi.advanceTimersByTimeAsync(1000)
    await Promise.all(all)
    assert.lengthOf(
      events.filter((it) => it.endsWith(" ends")),
      6
    )
  })

  it("is free again after the time of a build that the platform ended", async () => {
    const { events, build } = start()
    // No finalizer of it ever runs.
    void build("vanished", 3_600_000, TIME)
    await vi.advanceTimersByTimeAsync(5000)
    const next = build("next", 10)
    await vi.advanceTimersByTimeAsync(9900)
    assert.deepStrictEqual(events, ["vanished begins"])
    await vi.advanceTimersByTimeAsync(200)
    await next
    assert.deepStrictEqual(events.slice(1), ["next begins", "next ends"])
  })

  it("forgets a build that waits and no longer looks", async () => {
    const { events, build } = start()
    const first = build("a", 2000)
    // Its timer never fires: the platform ended its request.
    const { setTimeout: timer } = globalThis
    vi.spyOn(globalThis, "setTimeout").mockImplementationOnce(() => timer(() => {}, 1))
    void build("vanished", 10)
    const next = build("next", 10)
    await vi.advanceTimersByTimeAsync(2100)
    await Promise.all([first, next])
    assert.deepStrictEqual(events, ["a begins", "a ends", "next begins", "next ends"])
  })

  it("passes the errors of a build on, and goes on", async () => {
    const pool = new LargePool(wasm, new Pool(wasm))
    const deadline = Date.now() + TIME
    const failed: unknown = await pool
      .run(deadline, () => Promise.reject(new Error("broken")))
      .catch((error: unknown) => error)
    assert.include(String(failed), "broken")
    assert.strictEqual(await pool.run(deadline, async () => 1), 1)
  })
})

describe("the compiler of builds with packages", () => {
  afterEach(() => void vi.restoreAllMocks())

  it("begins again in the same memory, without a byte of the former build", async () => {
    const made = vi.spyOn(WebAssembly, "Instance")
    const pool = new LargePool(wasm, new Pool(wasm))
    const memory = () => {
      const [mem] = made.mock.results.map(({ value }) => (value as WebAssembly.Instance).exports["mem"])
      return Buffer.from((mem as WebAssembly.Memory).buffer)
    }
    const bundle = (text: string) => {
      const files = new Map([["index.ts", `export default ${JSON.stringify(text)}`]])
      return pool.run(Date.now() + TIME, ({ use }) =>
        use(async (instance) => {
          const before = memory().includes("canary")
          const options = { entryPoints: ["./index.ts"], absWorkingDir: ROOT, bundle: true, format: "esm" as const }
          const { outputFiles } = await instance.build(options, new VirtualFs(files))
          return { before, after: memory().includes("canary"), code: outputFiles[0]?.text ?? "" }
        })
      )
    }
    const first = await bundle("canary")
    assert.deepInclude(first, { before: false, after: true })
    assert.include(first.code, '"canary"')
    for (const text of ["second", "third"]) {
      const { code, ...has } = await bundle(text)
      assert.deepStrictEqual(has, { before: false, after: false })
      assert.include(code, JSON.stringify(text))
    }
    assert.strictEqual(made.mock.calls.length, 1)
  })
})
