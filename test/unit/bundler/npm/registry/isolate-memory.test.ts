import { afterEach, assert, describe, it, vi } from "@effect/vitest"
import { IsolateMemory } from "../../../../../src/bundler/npm/registry/IsolateMemory.ts"

const archive = (bytes: number) => ({
  files: new Map([["a.js", new Uint8Array(bytes)]]),
  paths: new Set<string>(),
  size: bytes
})
const keys = Array.from({ length: 100 }, (_, index) => `key ${index}`)

afterEach(() => void vi.useRealTimers())

describe("the memory of an isolate", () => {
  it("has half a million characters of texts, and lets go of the oldest", () => {
    const memory = new IsolateMemory()
    for (const key of keys) memory.keepText(key, "x".repeat(10_000), 60)
    assert.deepStrictEqual(
      keys.filter((key) => memory.text(key) !== undefined),
      keys.slice(48)
    )
    memory.keepText("long", "x".repeat(70_000), 60)
    assert.isUndefined(memory.text("long"))
  })

  it("keeps a text as long as it was asked to", () => {
    vi.useFakeTimers({ now: 0 })
    const memory = new IsolateMemory()
    memory.keepText("tag", "1.0.0", 300)
    vi.setSystemTime(299_999)
    assert.strictEqual(memory.text("tag"), "1.0.0")
    vi.setSystemTime(300_000)
    assert.isUndefined(memory.text("tag"))
  })

  it("gives an archive once, within two minutes, and has 3 MiB of them", () => {
    vi.useFakeTimers({ now: 0 })
    const memory = new IsolateMemory()
    for (const key of keys) memory.keepArchive(key, archive(1 << 18))
    memory.keepArchive("large", archive((1 << 19) + 1))
    vi.setSystemTime(119_999)
    const taken = [...keys, "large"].filter((key) => memory.takeArchive(key) !== undefined)
    assert.deepStrictEqual(taken, keys.slice(88))
    assert.isUndefined(memory.takeArchive(keys[99] ?? ""))
    memory.keepArchive("old", archive(1))
    vi.setSystemTime(239_999)
    assert.isUndefined(memory.takeArchive("old"))
  })

  it("has files of its own: a build lets go of those that it was given", () => {
    const memory = new IsolateMemory()
    const given = archive(1)
    memory.keepArchive("a", given)
    given.files.clear()
    assert.strictEqual(memory.takeArchive("a")?.files.size, 1)
  })
})
