import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { assert, describe, it } from "@effect/vitest"
import { ControlPlaneClient } from "../../../src/control-plane/ControlPlaneClient.ts"
import { type Kind, kindOf, makeRow, type Row } from "../../support/many-projects.ts"
import { run as runOnTestClock } from "../control-plane/jack/client.ts"
import { world } from "./many.ts"

const TOTAL = 2_000
const ORPHANS = 200

const make = (kind: (n: number) => Kind = (n) => kindOf(n, TOTAL, ORPHANS), total = TOTAL) => {
  const now = Date.now()
  const rows = Array.from({ length: total }, (_, n) => ({ row: makeRow(n, kind(n), now), kind: kind(n) }))
  const idsOf = (wanted: Kind) => rows.filter(({ kind }) => kind === wanted).map(({ row }) => row.id)
  return { rows: rows.map(({ row }) => row), orphans: idsOf("orphan"), claimed: new Set(idsOf("claimed")) }
}

const never = new Promise<never>(() => {})

describe("one sweep after the other", () => {
  it(`deletes exactly the ${ORPHANS} orphans among ${TOTAL} projects, whatever the order of the list`, async () => {
    const { rows, orphans } = make()
    assert.strictEqual(orphans.length, ORPHANS)
    const { state, run } = world(rows)
    assert.deepStrictEqual(await run(), { removed: 150, claimed: 0, failed: 0 })
    const turned = [...state.projects.values()].toReversed()
    state.projects.clear()
    for (const row of turned) state.projects.set(row.id, row)
    assert.deepStrictEqual(await run(), { removed: 50, claimed: 0, failed: 0 })
    assert.deepStrictEqual(await run(), { removed: 0, claimed: 0, failed: 0 })
    assert.sameMembers(state.deletes, orphans)
    assert.strictEqual(state.projects.size, TOTAL - ORPHANS)
  })

  it("reaches orphans among many projects that orders claim", async () => {
    const { rows, orphans, claimed } = make((n) => (n % 50 === 0 ? "orphan" : "claimed"), 1_000)
    const { state, run } = world(rows, claimed)
    for (let count = 0; count < Math.ceil(1_000 / 150); count++) await run()
    assert.sameMembers(state.deletes, orphans)
  })

  it("goes on where it was killed", async () => {
    const { rows, orphans } = make()
    const { state, sweep, run } = world(rows)
    let begun = 0
    let died = () => {}
    const death = new Promise<void>((resolve) => (died = resolve))
    state.beforeDelete = async () => {
      if (++begun > 50) died()
      if (begun > 50) await never
    }
    const fiber = Effect.runFork(sweep)
    await death
    await Effect.runPromise(Fiber.interrupt(fiber))
    assert.strictEqual(state.deletes.length, 50)
    // It has saved its place, at a project that is gone.
    assert.notStrictEqual(state.cursor, "")
    state.beforeDelete = async () => {}
    await run()
    await run()
    assert.sameMembers(state.deletes, orphans)
  })

  it("deletes each orphan once with another sweep at the same time", async () => {
    const { rows, orphans } = make()
    const { state, run } = world(rows)
    for (let count = 0; count < 2; count++) await Promise.all([run(), run()])
    assert.sameMembers(state.deletes, orphans)
  })

  it.effect("begins nothing after a minute, and the next one goes on there", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(Date.now())
      const { rows, orphans } = make()
      const { state, sweep } = world(rows)
      const clock = yield* Clock.Clock
      state.beforeDelete = () => Effect.runPromise(Effect.provideService(Effect.sleep("4 seconds"), Clock.Clock, clock))
      const since = yield* Clock.currentTimeMillis
      yield* runOnTestClock(sweep)
      const took = (yield* Clock.currentTimeMillis) - since
      assert.isAtMost(took, 85_000)
      // Four at once, each in some more than four seconds.
      const first = state.deletes.length
      assert.isAtLeast(first, 40)
      assert.isAtMost(first, 60)
      for (let runs = 0; runs < 5 && state.deletes.length < ORPHANS; runs++) yield* runOnTestClock(sweep)
      assert.sameMembers(state.deletes, orphans)
    })
  )
})

describe("a list that", () => {
  /** Changes the pieces of the list. */
  const broken = (change: (pieces: ReadonlyArray<string>) => Iterable<string | Promise<string>>) => {
    const { rows } = make()
    const made = world(rows)
    const all = [...made.state.pieces()] as ReadonlyArray<string>
    made.state.pieces = () => change(all) as Generator<string | Promise<string>>
    made.state.cursor = "7 here"
    return made
  }
  const untouched = ({ state }: ReturnType<typeof world>, exit: Exit.Exit<unknown, { readonly _tag: string }>) => {
    assert.strictEqual(Exit.isFailure(exit), true)
    assert.include(JSON.stringify(exit), "ControlPlaneUnavailable")
    assert.deepStrictEqual([state.deletes.length, state.projects.size, state.cursor], [0, TOTAL, "7 here"])
  }

  for (const [what, change] of [
    ["is cut off", (pieces) => pieces.slice(0, 30)],
    ["lacks its end", (pieces) => pieces.slice(0, -1)],
    ["turns to something else", (pieces) => [...pieces.slice(0, 30), "<html>"]],
    ["breaks off", (pieces) => [...pieces.slice(0, 30), Promise.reject(new Error("connection reset"))]]
  ] as ReadonlyArray<readonly [string, Parameters<typeof broken>[0]]>) {
    it(`${what} is an error, and nothing is deleted or forgotten`, async () => {
      const made = broken(change)
      untouched(made, await Effect.runPromise(Effect.exit(made.sweep)))
    })
  }

  it.effect("hangs in the middle is an error after 10 seconds", () =>
    Effect.gen(function* () {
      const made = broken((pieces) => [...pieces.slice(0, 30), never])
      const since = yield* Clock.currentTimeMillis
      untouched(made, yield* runOnTestClock(Effect.exit(made.sweep)))
      assert.isBelow((yield* Clock.currentTimeMillis) - since, 15_000)
    })
  )

  it.effect("does not end within a minute is an error", () =>
    Effect.gen(function* () {
      const made = broken(function* ([open, row]) {
        yield open!
        for (;;) yield new Promise((resolve) => setTimeout(resolve, 5, `${row},`))
      })
      const since = yield* Clock.currentTimeMillis
      untouched(made, yield* runOnTestClock(Effect.exit(made.sweep)))
      assert.closeTo((yield* Clock.currentTimeMillis) - since, 60_000, 5_000)
    })
  )

  it("has odd and huge rows hides no other", async () => {
    const { rows, orphans } = make()
    const made = world(rows)
    const huge = { ...rows[0]!, id: "huge", name: "x".repeat(10_000_000) }
    const odd: ReadonlyArray<unknown> = [
      null,
      5,
      "{",
      [[]],
      {},
      { id: 5 },
      { id: "odd", tags: 5, created_at: "never" },
      huge
    ]
    const others = made.state.pieces
    made.state.pieces = function* () {
      const [open, ...rest] = [...others()]
      yield open!
      for (const row of odd) yield `${JSON.stringify(row)},`
      yield* rest
    }
    await made.run()
    await made.run()
    assert.sameMembers(made.state.deletes, orphans)
  })

  it("comes slowly is read as it comes, and no faster than it is used", async () => {
    const { rows } = make()
    const { state, layer } = world(rows)
    const others = state.pieces
    state.pieces = function* () {
      // The tenth row ends with the comma behind it.
      yield* [...others(1)].slice(0, 12)
      yield never
    }
    const seen: Array<string> = []
    const pulledAt: Array<number> = []
    const firstTen = Effect.flatMap(ControlPlaneClient, (client) =>
      client.list().pipe(
        Stream.take(10),
        Stream.runForEach(({ id }) =>
          Effect.andThen(
            Effect.sync(() => void seen.push(id)),
            Effect.andThen(
              Effect.sleep("1 millis"),
              Effect.sync(() => void pulledAt.push(state.pulled))
            )
          )
        )
      )
    )
    // The source hangs after ten rows, which have come by then.
    await Effect.runPromise(Effect.provide(firstTen, layer))
    assert.deepStrictEqual(
      seen,
      rows.slice(0, 10).map(({ id }: Row) => id)
    )
    for (const [at, pulled] of pulledAt.entries()) assert.isAtMost(pulled, at + 5)
  })
})
