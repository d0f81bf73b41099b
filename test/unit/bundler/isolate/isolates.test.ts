import { afterEach, assert, describe, it, vi } from "@effect/vitest"
import { BundlerBusyError, BundlerCrashError, type IsolateLoader } from "../../../../src/bundler/index.ts"
import { Isolates } from "../../../../src/bundler/isolate/Isolates.ts"
import { wasm } from "../../../support/bundler.ts"

type Build = ReturnType<ReturnType<IsolateLoader["get"]>["getEntrypoint"]>["build"]

const REACH = {
  registry: "https://registry.test/",
  hosts: new Set<string>(),
  fetch: (() => assert.fail("nothing is fetched")) as unknown as typeof fetch,
  cache: undefined
}

const built: Build = async () => ({ bundle: { code: "x" } }) as unknown as Awaited<ReturnType<Build>>

/** Isolates whose program is a function here; `names` are those that the loader was asked for. */
const start = (program: () => Build = () => built) => {
  const names: Array<string> = []
  const loader: IsolateLoader = {
    get: (name) => {
      names.push(name)
      return { getEntrypoint: () => ({ start: async () => {}, build: program() }) }
    }
  }
  const isolates = new Isolates(wasm, { loader, program: () => "" })
  const build = async (files: Readonly<Record<string, string>> = {}, timeMs = 15_000): Promise<string> => {
    const request = { files, build: {}, timeoutMs: 15_000, assetBytes: undefined }
    try {
      return (await isolates.build(request, REACH, Date.now() + timeMs))?.code ?? "not here"
    } catch (error) {
      return (error as Error).name
    }
  }
  return { names, build }
}

afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

describe("the isolates of builds with packages", () => {
  it("are used again, one after the other and never at the same time", async () => {
    const { names, build } = start()
    await build()
    await build()
    await Promise.all([build(), build()])
    await build()
    assert.lengthOf(new Set(names), 2)
    assert.deepStrictEqual(
      names.map((name) => name === names[0]),
      [true, true, true, false, true]
    )
  })

  it("have other names in another instance of the gateway", async () => {
    const [one, other] = [start(), start()]
    await Promise.all([one.build(), other.build()])
    assert.notStrictEqual(one.names[0], other.names[0])
  })

  it("are replaced after a failure, and after a thousand builds", async () => {
    let fails = true
    const { names, build } = start(() => (fails ? () => Promise.reject(new Error("broken")) : built))
    assert.strictEqual(await build(), BundlerCrashError.name)
    fails = false
    for (let at = 0; at < 1001; at++) assert.strictEqual(await build(), "x")
    const [first, second, ...others] = names
    assert.notStrictEqual(second, first)
    assert.lengthOf(
      others.filter((name) => name === second),
      999
    )
    assert.notInclude([first, second], others.at(-1))
  })

  it("give their places back when the time of a build is over that the platform ended", async () => {
    vi.useFakeTimers()
    const { names, build } = start(() => () => new Promise(() => {}))
    const { setTimeout: timer } = globalThis
    // No timer of the builds ever fires.
    const spy = vi.spyOn(globalThis, "setTimeout").mockImplementation(() => timer(() => {}, 0))
    for (let at = 0; at < 6; at++) void build()
    spy.mockRestore()
    assert.strictEqual(await build(), BundlerBusyError.name)
    vi.setSystemTime(Date.now() + 20_600)
    void build()
    assert.lengthOf(names, 7)
  })

  it("do not get projects that are too large to be sent", async () => {
    const { names, build } = start()
    assert.strictEqual(await build({ "a.txt": "x".repeat(9 << 20) }), "not here")
    assert.deepStrictEqual(names, [])
  })
})
