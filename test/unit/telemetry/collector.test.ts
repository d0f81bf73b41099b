import * as Effect from "effect/Effect"
import { afterEach, assert, beforeEach, describe, it, vi } from "vitest"
import { type Batch, Collector } from "../../../src/telemetry/Collector.ts"
import type { CollectedLog } from "../../../src/telemetry/log-record.ts"

const log: CollectedLog = { time: new Date(0), level: "Info", message: "an event", attributes: {}, span: undefined }

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A collector whose batches the test can read, and whose sends it decides. */
const collected = (send: () => Promise<boolean> = async () => true) => {
  const batches: Array<Batch> = []
  const duties: Array<Promise<unknown>> = []
  const collector = new Collector(
    (batch) => {
      batches.push(batch)
      return send()
    },
    (work) => void duties.push(work)
  )
  const add = (count: number, isOrder = true) => {
    for (let n = 0; n < count; n++) collector.addLog(() => log, isOrder)
  }
  return { batches, duties, collector, add, sizes: () => batches.map(({ logs }) => logs.length) }
}

describe("the collected telemetry", () => {
  it("is sent in one batch, a second after its first item", async () => {
    const { add, batches, duties, sizes } = collected()
    add(3)
    await vi.advanceTimersByTimeAsync(999)
    assert.deepStrictEqual([batches.length, duties.length], [0, 1])
    add(2)
    await vi.advanceTimersByTimeAsync(1)
    assert.deepStrictEqual([sizes(), duties.length], [[5], 1])
    await Promise.all(duties)
    add(1)
    assert.strictEqual(duties.length, 2)
  })

  it("is bounded, keeps room for orders, and counts what it drops", async () => {
    const { add, batches, sizes } = collected()
    add(2000, false)
    add(5000)
    await vi.advanceTimersByTimeAsync(1000)
    assert.deepStrictEqual(sizes(), [4096])
    assert.strictEqual(batches[0]?.dropped, 7000 - 4096)
    add(1)
    await vi.advanceTimersByTimeAsync(1000)
    assert.strictEqual(batches[1]?.dropped, 0)
  })

  it("makes no record for which there is no room", () => {
    const { add, collector } = collected()
    const make = vi.fn(() => log)
    add(1023, false)
    for (const isOrder of [false, false, true]) collector.addLog(make, isOrder)
    assert.strictEqual(make.mock.calls.length, 2)
  })

  it("is sent by one request at a time, which goes on with what comes meanwhile", async () => {
    let answer: (ok: boolean) => void = () => {}
    const { add, duties, sizes } = collected(() => new Promise((resolve) => (answer = resolve)))
    add(1)
    await vi.advanceTimersByTimeAsync(1000)
    add(2)
    await vi.advanceTimersByTimeAsync(1000)
    assert.deepStrictEqual([sizes(), duties.length], [[1], 1])
    answer(true)
    await vi.advanceTimersByTimeAsync(1000)
    assert.deepStrictEqual([sizes(), duties.length], [[1, 2], 1])
  })

  it("passes to another request after four batches", async () => {
    // The next item comes while the batch before it is sent.
    const { add, duties, sizes } = collected(() => new Promise((resolve) => setTimeout(() => resolve(true), 500)))
    add(1)
    await vi.advanceTimersByTimeAsync(1000)
    for (let n = 0; n < 5; n++) {
      add(1)
      await vi.advanceTimersByTimeAsync(1500)
    }
    assert.deepStrictEqual([sizes(), duties.length], [[1, 1, 1, 1, 2], 2])
  })

  it("is sent by another request if the first one has died", async () => {
    const { add, duties } = collected(() => new Promise(() => {}))
    add(1)
    await vi.advanceTimersByTimeAsync(30_000)
    add(1)
    assert.strictEqual(duties.length, 1)
    await vi.advanceTimersByTimeAsync(1000)
    add(1)
    assert.strictEqual(duties.length, 2)
  })

  it("waits for a minute, in bounded memory, after the collector has not answered", async () => {
    for (const send of [async () => false, () => Promise.reject(new Error("no"))]) {
      const { add, duties, sizes } = collected(send)
      add(1)
      await vi.advanceTimersByTimeAsync(1000)
      await Promise.all(duties)
      for (let second = 0; second < 59; second++) {
        add(1000)
        await vi.advanceTimersByTimeAsync(1000)
      }
      assert.deepStrictEqual([sizes(), duties.length], [[1], 1])
      await vi.advanceTimersByTimeAsync(1000)
      add(1)
      await vi.advanceTimersByTimeAsync(1000)
      assert.deepStrictEqual(sizes(), [1, 4096])
    }
  })

  it("waits for the next request where none can send it", async () => {
    let batches = 0
    let isRequest = false
    const waitUntil = (work: Promise<unknown>) => {
      work.catch(() => {})
      if (!isRequest) throw new Error("there is no request")
    }
    const collector = new Collector(async () => (batches++, true), waitUntil)
    assert.doesNotThrow(() => collector.addLog(() => log, true))
    isRequest = true
    collector.addLog(() => log, true)
    await vi.advanceTimersByTimeAsync(1000)
    assert.isAtLeast(batches, 1)
    await Effect.runPromise(Effect.void)
  })
})
