import { assert } from "vitest"
import type { Ledger } from "../../src/orders/purchase/PurchaseStore.ts"
import { purchase, upload } from "./purchase.ts"

type Book = Ledger["Service"]

/** What every ledger does, whatever it keeps its rows in: each case takes an empty one. */
export const ledgerContract: Record<string, (ledger: Book) => void> = {
  "knows nothing at first": (ledger) => {
    assert.isUndefined(ledger.byKey("key_a"))
    assert.isUndefined(ledger.byChallenge("challenge_a"))
    assert.isUndefined(ledger.byId("dep_a"))
    assert.isUndefined(ledger.owed())
    assert.isUndefined(ledger.verdict())
    assert.deepStrictEqual(ledger.due(Number.MAX_SAFE_INTEGER), [])
  },
  "finds a purchase by key, by challenge and by id": (ledger) => {
    ledger.begin(purchase(), upload)
    assert.deepStrictEqual(ledger.byKey("key_a"), purchase())
    assert.deepStrictEqual(ledger.byChallenge("challenge_a"), purchase())
    assert.deepStrictEqual(ledger.byId("dep_a"), purchase())
    assert.deepStrictEqual(ledger.owed(), purchase())
  },
  "keeps what is delivered until it is": (ledger) => {
    ledger.begin(purchase(), upload)
    assert.deepStrictEqual(ledger.goods("dep_a"), upload)
    ledger.save(purchase({ state: "captured" }))
    assert.deepStrictEqual(ledger.goods("dep_a"), upload)
    ledger.save(purchase({ state: "delivered", due: null }))
    assert.isUndefined(ledger.goods("dep_a"))
  },
  "keeps what a run came to, until it expires": (ledger) => {
    const task = { main: "worker.js", code: "export const run", compatibilityFlags: [], input: "1" }
    const execution = { operation: "execute" as const, slug: "" }
    ledger.begin(purchase(execution), task)
    assert.deepStrictEqual(ledger.goods("dep_a"), task)
    const output = { output: JSON.stringify({ result: "ü".repeat(1_000_000) }) }
    const delivered = purchase({ ...execution, state: "delivered", due: 3000 })
    ledger.amend(delivered, output)
    ledger.save({ ...delivered, answered: true })
    assert.deepStrictEqual(ledger.goods("dep_a"), output)
    ledger.save({ ...delivered, state: "expired" })
    assert.isUndefined(ledger.goods("dep_a"))
  },
  "owes a purchase until somebody was told where it is": (ledger) => {
    const delivered = purchase({ state: "delivered", due: null })
    ledger.begin(purchase(), upload)
    ledger.save(delivered)
    assert.strictEqual(ledger.owed()?.id, "dep_a")
    ledger.save({ ...delivered, answered: true })
    assert.isUndefined(ledger.owed())
  },
  "lets a key and a challenge stand for one purchase only": (ledger) => {
    ledger.begin(purchase(), upload)
    ledger.begin(purchase({ id: "dep_b", key: "key_b", challengeId: "challenge_b" }), upload)
    ledger.bind("key_b", "challenge_c", "dep_a")
    assert.strictEqual(ledger.byKey("key_b")?.id, "dep_b")
    assert.strictEqual(ledger.byChallenge("challenge_c")?.id, "dep_a")
  },
  "gives the key of a failed purchase back": (ledger) => {
    ledger.begin(purchase(), upload)
    ledger.save(purchase({ state: "failed", due: null }))
    assert.isUndefined(ledger.byKey("key_a"))
    assert.isUndefined(ledger.byChallenge("challenge_a"))
    assert.isUndefined(ledger.owed())
    assert.strictEqual(ledger.byId("dep_a")?.state, "failed")
    ledger.begin(purchase({ id: "dep_b" }), upload)
    assert.strictEqual(ledger.byKey("key_a")?.id, "dep_b")
  },
  "tells what is due, and nothing else": (ledger) => {
    ledger.begin(purchase(), upload)
    ledger.begin(purchase({ id: "dep_b", key: "key_b", challengeId: "challenge_b", due: 2000 }), upload)
    ledger.begin(purchase({ id: "dep_c", key: "key_c", challengeId: "challenge_c", due: null }), upload)
    assert.deepStrictEqual(
      ledger.due(1999).map(({ id }) => id),
      ["dep_a"]
    )
  },
  "keeps an update's upload until it is live, and owes nothing for it": (ledger) => {
    ledger.begin(purchase(), upload)
    ledger.save(purchase({ state: "delivered", answered: true, due: null }))
    const small = { main: "worker.js", code: "newer", compatibilityFlags: [] }
    const update = { body: "body", key: "key_b", attempts: 0 }
    ledger.amend(purchase({ state: "delivered", answered: true, due: 3000, update }), small)
    assert.deepStrictEqual(ledger.goods("dep_a"), small)
    assert.deepStrictEqual(ledger.byId("dep_a")?.update, update)
    assert.isUndefined(ledger.owed())
    ledger.save(purchase({ state: "delivered", answered: true, due: null }))
    assert.isUndefined(ledger.goods("dep_a"))
  },
  "replaces what a purchase delivers by less, and by more": (ledger) => {
    const small = { main: "worker.js", code: "newer", compatibilityFlags: [] }
    ledger.begin(purchase(), upload)
    ledger.amend(purchase({ state: "captured" }), small)
    assert.deepStrictEqual(ledger.goods("dep_a"), small)
    ledger.amend(purchase({ state: "captured" }), upload)
    assert.deepStrictEqual(ledger.goods("dep_a"), upload)
  },
  "forgets one purchase and leaves the others": (ledger) => {
    ledger.begin(purchase(), upload)
    ledger.begin(purchase({ id: "dep_b", key: "key_b", challengeId: "challenge_b" }), upload)
    ledger.forget("dep_a")
    assert.isUndefined(ledger.byId("dep_a"))
    assert.isUndefined(ledger.byKey("key_a"))
    assert.isUndefined(ledger.byChallenge("challenge_a"))
    assert.strictEqual(ledger.byKey("key_b")?.id, "dep_b")
    assert.deepStrictEqual(ledger.goods("dep_b"), upload)
  },
  "forgets everything with the last one, and begins anew": (ledger) => {
    ledger.judge({ at: 5, detail: "no", diagnostics: [] })
    ledger.begin(purchase(), upload)
    ledger.begin(purchase({ id: "dep_b", key: "key_b", challengeId: "challenge_b", state: "failed" }), upload)
    ledger.forget("dep_a")
    assert.isUndefined(ledger.byId("dep_a"))
    assert.isUndefined(ledger.byId("dep_b"))
    assert.isUndefined(ledger.verdict())
    ledger.begin(purchase(), upload)
    assert.deepStrictEqual(ledger.byKey("key_a"), purchase())
    assert.deepStrictEqual(ledger.goods("dep_a"), upload)
  },
  "keeps a verdict, and takes it back": (ledger) => {
    const verdict = { at: 5, detail: "no", diagnostics: [{ file: "a.ts", line: 1, column: 2, text: "bad" }] }
    ledger.judge(verdict)
    assert.deepStrictEqual(ledger.verdict(), verdict)
    ledger.begin(purchase(), upload)
    ledger.acquit()
    assert.isUndefined(ledger.verdict())
    assert.strictEqual(ledger.byId("dep_a")?.id, "dep_a")
    ledger.acquit()
  }
}
