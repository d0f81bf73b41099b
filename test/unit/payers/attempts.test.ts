import { assert, describe, it } from "vitest"
import { MAX_IN_FLIGHT, Attempts, MAX_FAILURES_PER_HOUR, LEASE_MS, WINDOW_MS } from "../../../src/payers/Attempts.ts"

const now = 1_700_000_000_000

/** Makes an attempt with a build, and fails it. */
const fail = (attempts: Attempts, id: string, at: number) => {
  assert.strictEqual(attempts.begin(id, "purchase", at).refused, null, id)
  assert.strictEqual(attempts.keep(id, "purchase", at).refused, null, id)
  attempts.end(id, "failed")
}

const exhausted = () => {
  const attempts = new Attempts()
  for (let at = 0; at < MAX_FAILURES_PER_HOUR; at++) fail(attempts, `failed ${at}`, now + at * 1000)
  return attempts
}

describe("the attempts of a payer", () => {
  it("allows four attempts at once", () => {
    const attempts = new Attempts()
    for (let at = 0; at < MAX_IN_FLIGHT; at++)
      assert.strictEqual(attempts.begin(String(at), "purchase", now).refused, null)
    const refused = attempts.begin("five", "purchase", now)
    assert.deepStrictEqual([refused.refused, refused.retryAfter], ["in flight", 2])
    attempts.end("0", "forgotten")
    assert.strictEqual(attempts.begin("five", "purchase", now).refused, null)
  })

  it("refuses attempts after sixty failures, until the oldest is an hour old", () => {
    const attempts = exhausted()
    const later = now + 600_000
    const refused = attempts.begin("61", "purchase", later)
    assert.deepStrictEqual([refused.refused, refused.retryAfter, refused.failures], ["failed", 3_000, 60])
    assert.strictEqual(attempts.begin("61", "purchase", now + WINDOW_MS - 1).retryAfter, 1)
    assert.strictEqual(attempts.begin("61", "purchase", now + WINDOW_MS).refused, null)
    assert.strictEqual(attempts.begin("62", "purchase", now + WINDOW_MS).refused, "in flight")
  })

  it("never stores more than sixty attempts, however those in flight end", () => {
    const attempts = new Attempts()
    for (let at = 0; at < MAX_FAILURES_PER_HOUR - 1; at++) fail(attempts, `failed ${at}`, now)
    assert.strictEqual(attempts.begin("60", "purchase", now).refused, null)
    assert.strictEqual(attempts.begin("61", "purchase", now).refused, "in flight")
    attempts.end("60", "failed")
    assert.strictEqual(attempts.begin("61", "purchase", now).refused, "failed")
  })

  it("counts each try of the same credential", () => {
    const attempts = new Attempts()
    for (let at = 0; at < MAX_FAILURES_PER_HOUR; at++) fail(attempts, "the same", now + at)
    assert.strictEqual(attempts.begin("the same", "purchase", now + 100).refused, "failed")
  })

  it("does not count paid attempts, even if the payment is found late", () => {
    const attempts = exhausted()
    attempts.end("failed 7", "forgotten")
    assert.strictEqual(attempts.begin("61", "purchase", now + 60_000).refused, null)
  })

  it("allows updates when purchases are refused", () => {
    const attempts = exhausted()
    assert.deepInclude(attempts.begin("update", "update", now), { refused: null, failures: 0 })
  })

  it("counts an attempt that has not ended after a minute as failed", () => {
    const attempts = new Attempts()
    for (let at = 0; at < MAX_IN_FLIGHT; at++) attempts.begin(String(at), "purchase", now)
    assert.strictEqual(attempts.begin("next", "purchase", now + LEASE_MS - 1).refused, "in flight")
    assert.deepInclude(attempts.begin("next", "purchase", now + LEASE_MS), { refused: null, failures: MAX_IN_FLIGHT })
  })

  it("stores all attempts once something was built", () => {
    const attempts = new Attempts()
    attempts.begin("poor", "purchase", now)
    attempts.end("poor", "failed")
    assert.deepStrictEqual(attempts.stored(now), [])
    fail(attempts, "built", now)
    assert.deepStrictEqual(
      attempts.stored(now).map(({ id }) => id),
      ["poor", "built"]
    )
    assert.strictEqual(attempts.expiresAt, now + WINDOW_MS)
    assert.deepStrictEqual(attempts.stored(now + WINDOW_MS), [])
  })

  it("checks the limits again when stored attempts are read late", () => {
    const attempts = new Attempts()
    assert.strictEqual(attempts.begin("61", "purchase", now + 60_000).refused, null)
    attempts.restore(exhausted().stored(now))
    assert.strictEqual(attempts.keep("61", "purchase", now + 60_000).refused, "failed")
    attempts.end("61", "forgotten")
    assert.strictEqual(attempts.stored(now + 60_000).length, MAX_FAILURES_PER_HOUR)
  })
})
