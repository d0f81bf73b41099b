import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { it } from "@effect/vitest"
import * as TestClock from "effect/testing/TestClock"
import { assert, describe } from "vitest"
import { CodeRunner } from "../../../src/sandbox/CodeRunner.ts"
import { layerRunnerBinding } from "../../../src/sandbox/layers.ts"
import type { RunnerBinding } from "../../../src/sandbox/remote/binding.ts"

const upload = (code: string) => ({ main: "worker.js", code, compatibilityFlags: [] })

/** A runner in one process. The test crashes it (`crash`), which rejects all its calls, and restarts it (`back`). */
const makeProcess = () => {
  const calls: Array<string> = []
  let up = true
  let cut: Array<() => void> = []
  const disconnected = () => Promise.reject(new Error("Network connection lost."))
  const runner: RunnerBinding = {
    ping: () => (up ? Promise.resolve() : disconnected()),
    check: async () => ({ ok: true }),
    run: ({ modules }) => {
      const code = String(modules["worker.js"])
      calls.push(code)
      if (!up) return disconnected()
      return new Promise((resolve, reject) => {
        cut.push(() => reject(new Error("Network connection lost.")))
        if (code === "quick") resolve({ ok: true, result: '"well"', durationMs: 1 })
        if (code === "slow") finish = () => resolve({ ok: true, result: '"late"', durationMs: 900 })
        if (code === "runtime-failure") resolve({ runtimeFailure: "internal error; reference = 1" })
      })
    }
  }
  let finish = () => {}
  return {
    calls,
    runner,
    finish: () => finish(),
    crash: () => {
      up = false
      for (const end of cut) end()
      cut = []
    },
    back: () => (up = true)
  }
}

const runIn = (process: ReturnType<typeof makeProcess>) =>
  Effect.map(CodeRunner, (runner) => (code: string) => runner.run(upload(code), null)).pipe(
    Effect.provide(layerRunnerBinding(process.runner))
  )

describe("a runner in another process", () => {
  it.effect("blames a call that crashes it alone, and runs the others again", () =>
    Effect.gen(function* () {
      const process = makeProcess()
      const run = yield* runIn(process)
      const spin = yield* Effect.forkChild(run("spin"))
      const slow = yield* Effect.forkChild(run("slow"))
      yield* TestClock.adjust("100 millis")
      process.crash()
      yield* TestClock.adjust("1 seconds")
      process.back()
      yield* TestClock.adjust("1 seconds")
      // One call runs alone now, and the other waits.
      assert.deepStrictEqual(process.calls, ["spin", "slow", "spin"])
      process.crash()
      yield* TestClock.adjust("1 seconds")
      process.back()
      yield* TestClock.adjust("1 seconds")
      process.finish()
      const guilty = yield* Fiber.join(spin)
      assert.strictEqual(!guilty.ok && guilty.error.name, "ResourceLimitExceeded")
      assert.deepStrictEqual(yield* Fiber.join(slow), { ok: true, result: '"late"', durationMs: 900 })
    })
  )

  it.effect("does not blame a lone call for work that another call left behind", () =>
    Effect.gen(function* () {
      const process = makeProcess()
      const run = yield* runIn(process)
      const leaver = yield* Effect.forkChild(run("slow"))
      yield* Effect.forkChild(run("spin"))
      yield* TestClock.adjust("100 millis")
      process.crash()
      process.back()
      yield* TestClock.adjust("1 seconds")
      process.finish()
      yield* TestClock.adjust("1 seconds")
      assert.isTrue((yield* Fiber.join(leaver)).ok)
      // "spin" runs alone, and is innocent here, because work that "slow" left behind crashes the runner.
      assert.deepStrictEqual(process.calls, ["slow", "spin", "slow", "spin"])
      process.crash()
      process.back()
      yield* TestClock.adjust("1 seconds")
      assert.deepStrictEqual(process.calls, ["slow", "spin", "slow", "spin", "spin"])
    })
  )

  it.effect("starts no call beside a call that runs alone", () =>
    Effect.gen(function* () {
      const process = makeProcess()
      const run = yield* runIn(process)
      const slow = yield* Effect.forkChild(run("slow"))
      yield* TestClock.adjust("100 millis")
      process.crash()
      process.back()
      yield* TestClock.adjust("1 seconds")
      const quick = yield* Effect.forkChild(run("quick"))
      yield* TestClock.adjust("1 seconds")
      assert.deepStrictEqual(process.calls, ["slow", "slow"])
      process.finish()
      yield* TestClock.adjust("1 seconds")
      assert.isTrue((yield* Fiber.join(slow)).ok)
      assert.isTrue((yield* Fiber.join(quick)).ok)
    })
  )

  it.effect("is unavailable, without blame, while it does not restart", () =>
    Effect.gen(function* () {
      const process = makeProcess()
      const run = yield* runIn(process)
      process.crash()
      const away = yield* Effect.forkChild(Effect.flip(run("quick")))
      yield* TestClock.adjust("60 seconds")
      assert.strictEqual((yield* Fiber.join(away))._tag, "RunnerUnavailable")
    })
  )

  it.effect("is unavailable when the runtime fails", () =>
    Effect.gen(function* () {
      const run = yield* runIn(makeProcess())
      assert.strictEqual((yield* Effect.flip(run("runtime-failure")))._tag, "RunnerUnavailable")
    })
  )

  it.effect("treats a runner that does not answer as crashed", () =>
    Effect.gen(function* () {
      const process = makeProcess()
      const run = yield* runIn(process)
      const silent = yield* Effect.forkChild(run("silent"))
      yield* TestClock.adjust("22 seconds")
      assert.deepStrictEqual(process.calls, ["silent", "silent"])
      yield* TestClock.adjust("22 seconds")
      assert.isFalse((yield* Fiber.join(silent)).ok)
    })
  )
})
