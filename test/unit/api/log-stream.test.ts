import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { type LogReading, logEvents } from "../../../src/api/endpoints/log-stream.ts"
import { ControlPlaneRefused, ControlPlaneUnavailable } from "../../../src/control-plane/errors.ts"

/** A log of the host: what it says, and whether it ends then. */
const log = (pieces: ReadonlyArray<string>, ends = true) => {
  let cancelled = false
  const bytes = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces) controller.enqueue(new TextEncoder().encode(piece))
      if (ends) controller.close()
    },
    cancel: () => void (cancelled = true)
  })
  return { bytes, cancelled: () => cancelled }
}

const refused = Effect.fail(new ControlPlaneRefused({ status: 404, message: "no such project" }))

/** Gives pending promises of streams their turn. */
const settle = Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 5)))

/** Everything that a client has read once `seconds` have passed. */
const read = (reading: Omit<LogReading, "duration">, seconds: number, duration: LogReading["duration"] = "1 hour") =>
  Effect.gen(function* () {
    const chunks: Array<string> = []
    const fiber = yield* logEvents({ ...reading, duration }).pipe(
      Stream.decodeText(),
      Stream.runForEach((chunk) => Effect.sync(() => void chunks.push(chunk))),
      Effect.forkChild
    )
    for (let second = 0; second <= seconds; second++) {
      yield* settle
      yield* TestClock.adjust("1 second")
    }
    yield* settle
    const ended = fiber.pollUnsafe() !== undefined
    yield* Fiber.interrupt(fiber)
    return { text: chunks.join(""), ended }
  })

const event = (text: string) => `data: {"type":"event","logs":["${text}"]}\n\n`

describe("the log of a deployment", () => {
  it.effect("has each event once it is whole, and heartbeats in between", () =>
    Effect.gen(function* () {
      const { bytes, cancelled } = log(["data: {", '"a":1}\n', "\ndata: 2\n\nda", "ta: never whole"], false)
      const { text, ended } = yield* read({ opened: bytes, open: refused }, 31)
      assert.strictEqual(text, ': connected\n\ndata: {"a":1}\n\ndata: 2\n\n: heartbeat\n\n: heartbeat\n\n')
      assert.isFalse(ended)
      assert.isTrue(cancelled(), "a client that goes away ends the read of the host")
    })
  )

  it.effect("is opened again when the host ends it, also after an outage, without what was cut", () =>
    Effect.gen(function* () {
      const answers = [
        Effect.fail(new ControlPlaneUnavailable({ message: "down" })),
        Effect.succeed(log([event("two")]).bytes),
        Effect.succeed(log([event("three")], false).bytes)
      ]
      const open = Effect.suspend(() => answers.shift() ?? Effect.die(new Error("asked too often")))
      const { text, ended } = yield* read({ opened: log([event("one"), "data: cut"]).bytes, open }, 10)
      assert.strictEqual(text, `: connected\n\n${event("one")}${event("two")}${event("three")}`)
      assert.isFalse(ended)
    })
  )

  it.effect("ends with the reason when the host refuses it", () =>
    Effect.gen(function* () {
      const { text, ended } = yield* read({ opened: log([event("one")]).bytes, open: refused }, 5)
      assert.isTrue(ended)
      const end = 'event: end\ndata: {"reason":"The host has ended the log: no such project"}\n\n'
      assert.strictEqual(text, `: connected\n\n${event("one")}${end}`)
    })
  )

  it.effect("ends with the reason when its time is over", () =>
    Effect.gen(function* () {
      const { bytes, cancelled } = log([], false)
      const { text, ended } = yield* read({ opened: bytes, open: refused }, 4, "3 seconds")
      assert.isTrue(ended)
      assert.match(text, /^: connected\n\nevent: end\ndata: \{"reason":"The time of this read is over/)
      assert.isTrue(cancelled())
    })
  )

  it.effect("asks the host anew for an event without an end", () =>
    Effect.gen(function* () {
      const endless = log(
        Array.from({ length: 1100 }, () => "x".repeat(1024)),
        false
      )
      const { text } = yield* read({ opened: endless.bytes, open: Effect.succeed(log([event("two")], false).bytes) }, 5)
      assert.strictEqual(text, `: connected\n\n${event("two")}`)
      assert.isTrue(endless.cancelled())
    })
  )
})
