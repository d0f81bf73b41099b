import { assert } from "vitest"
import { type PurchaseStore, START_OVER_MS } from "../../../src/orders/purchase/PurchaseStore.ts"
import { PROOF_TTL_MS } from "../../../src/payers/proofs.ts"
import { edited, purchase, upload } from "../purchase.ts"

type Book = PurchaseStore["Service"]

/** The behaviour of every store, wherever it keeps its rows. Each case takes an empty store. */
export const purchaseStoreContract: Record<string, (store: Book) => void> = {
  "knows nothing at first": (store) => {
    assert.isUndefined(store.byKey("key_a"))
    assert.isUndefined(store.byChallenge("challenge_a"))
    assert.isUndefined(store.byId("dep_a"))
    assert.isUndefined(store.findUndelivered(NOW))
    assert.isUndefined(store.buildFailure())
    assert.deepStrictEqual(store.findDue(Number.MAX_SAFE_INTEGER), [])
  },
  "finds a purchase by key, by challenge and by id": (store) => {
    store.create(purchase(), upload)
    assert.deepStrictEqual(store.byKey("key_a"), purchase())
    assert.deepStrictEqual(store.byChallenge("challenge_a"), purchase())
    assert.deepStrictEqual(store.byId("dep_a"), purchase())
    assert.deepStrictEqual(store.findUndelivered(NOW), purchase())
  },
  "keeps what is delivered until it is": (store) => {
    store.create(purchase(), upload)
    assert.deepStrictEqual(store.payload("dep_a"), upload)
    store.save(purchase({ state: "captured" }))
    assert.deepStrictEqual(store.payload("dep_a"), upload)
    store.save(purchase({ state: "delivered", due: null }))
    assert.isUndefined(store.payload("dep_a"))
  },
  "keeps what a run came to, until it expires": (store) => {
    const task = { main: "worker.js", code: "export const run", compatibilityFlags: [], input: "1" }
    const execution = { operation: "execute" as const, slug: "" }
    store.create(purchase(execution), task)
    assert.deepStrictEqual(store.payload("dep_a"), task)
    const output = { output: JSON.stringify({ result: "ü".repeat(1_000_000) }) }
    const delivered = purchase({ ...execution, state: "delivered", due: 3000 })
    store.saveWithPayload(delivered, output)
    store.save({ ...delivered, answered: true })
    assert.deepStrictEqual(store.payload("dep_a"), output)
    store.save(edited(delivered, { state: "expired" }))
    assert.isUndefined(store.payload("dep_a"))
  },
  "counts a purchase as owed until a client has its answer": (store) => {
    const delivered = purchase({ state: "delivered", due: null })
    store.create(purchase(), upload)
    store.save(delivered)
    assert.strictEqual(store.findUndelivered(NOW)?.id, "dep_a")
    store.save({ ...delivered, answered: true })
    assert.isUndefined(store.findUndelivered(NOW))
  },
  "counts a renewal as owed until a client has its answer, or could have started over": (store) => {
    const renewal = purchase({ operation: "renew", state: "captured", slug: "" })
    store.create(renewal)
    assert.strictEqual(store.findUndelivered(NOW)?.id, "dep_a")
    store.save(edited(renewal, { state: "delivered", due: null, updatedAt: NOW - START_OVER_MS + 1 }))
    assert.strictEqual(store.findUndelivered(NOW)?.id, "dep_a")
    assert.isUndefined(store.findUndelivered(NOW + 1))
    // It does not hide another one.
    store.create(purchase({ id: "dep_b", key: "key_b", challengeId: "challenge_b", operation: "renew" }))
    assert.strictEqual(store.findUndelivered(NOW + 1)?.id, "dep_b")
  },
  "owes nothing for a deployment that its payer has deleted, and keeps nothing of it": (store) => {
    store.create(purchase(), upload, kept)
    store.save(purchase({ state: "captured", deletedAt: 5 }))
    assert.isUndefined(store.findUndelivered(NOW))
    assert.strictEqual(store.byKey("key_a")?.id, "dep_a")
    assert.isUndefined(store.payload("dep_a"))
    assert.isUndefined(store.source("dep_a"))
    assert.deepStrictEqual(store.secrets("dep_a"), {})
  },
  "spends a proof once, and forgets it when its challenge has expired": (store) => {
    store.create(purchase(), upload)
    assert.isTrue(store.spendProof("c", 0))
    assert.isFalse(store.spendProof("c", PROOF_TTL_MS - 1))
    assert.isTrue(store.spendProof("d", 1))
    assert.isTrue(store.spendProof("c", PROOF_TTL_MS))
  },
  "lets a key and a challenge stand for one purchase only": (store) => {
    store.create(purchase(), upload)
    store.create(purchase({ id: "dep_b", key: "key_b", challengeId: "challenge_b" }), upload)
    store.bindKeys("key_b", "challenge_c", "dep_a")
    assert.strictEqual(store.byKey("key_b")?.id, "dep_b")
    assert.strictEqual(store.byChallenge("challenge_c")?.id, "dep_a")
  },
  "gives the key of a failed purchase back": (store) => {
    store.create(purchase(), upload)
    store.save(purchase({ state: "failed", due: null }))
    assert.isUndefined(store.byKey("key_a"))
    assert.isUndefined(store.byChallenge("challenge_a"))
    assert.isUndefined(store.findUndelivered(NOW))
    assert.strictEqual(store.byId("dep_a")?.state, "failed")
    store.create(purchase({ id: "dep_b" }), upload)
    assert.strictEqual(store.byKey("key_a")?.id, "dep_b")
  },
  "tells what is due, and nothing else": (store) => {
    store.create(purchase(), upload)
    store.create(purchase({ id: "dep_b", key: "key_b", challengeId: "challenge_b", due: 2000 }), upload)
    store.create(purchase({ id: "dep_c", key: "key_c", challengeId: "challenge_c", due: null }), upload)
    assert.deepStrictEqual(
      store.findDue(1999).map(({ id }) => id),
      ["dep_a"]
    )
  },
  "keeps an update's upload until it is live, and owes nothing for it": (store) => {
    store.create(purchase(), upload)
    store.save(purchase({ state: "delivered", answered: true, due: null }))
    const small = { main: "worker.js", code: "newer", compatibilityFlags: [] }
    const update = { body: "body", key: "key_b", attempts: 0 }
    store.saveWithPayload(purchase({ state: "delivered", answered: true, due: 3000, update }), small)
    assert.deepStrictEqual(store.payload("dep_a"), small)
    assert.deepStrictEqual(store.byId("dep_a")?.update, update)
    assert.isUndefined(store.findUndelivered(NOW))
    store.save(purchase({ state: "delivered", answered: true, due: null }))
    assert.isUndefined(store.payload("dep_a"))
  },
  "replaces what a purchase delivers by less, and by more": (store) => {
    const small = { main: "worker.js", code: "newer", compatibilityFlags: [] }
    store.create(purchase(), upload)
    store.saveWithPayload(purchase({ state: "captured" }), small)
    assert.deepStrictEqual(store.payload("dep_a"), small)
    store.saveWithPayload(purchase({ state: "captured" }), upload)
    assert.deepStrictEqual(store.payload("dep_a"), upload)
  },
  "forgets one purchase and leaves the others": (store) => {
    store.create(purchase(), upload)
    store.create(purchase({ id: "dep_b", key: "key_b", challengeId: "challenge_b" }), upload)
    store.delete("dep_a")
    assert.isUndefined(store.byId("dep_a"))
    assert.isUndefined(store.byKey("key_a"))
    assert.isUndefined(store.byChallenge("challenge_a"))
    assert.strictEqual(store.byKey("key_b")?.id, "dep_b")
    assert.deepStrictEqual(store.payload("dep_b"), upload)
  },
  "forgets everything with the last one, and begins anew": (store) => {
    store.saveBuildFailure({ at: 5, detail: "no", diagnostics: [] })
    store.create(purchase(), upload)
    store.create(purchase({ id: "dep_b", key: "key_b", challengeId: "challenge_b", state: "failed" }), upload)
    store.outbox.taken("dep_b", 1)
    store.delete("dep_a")
    assert.isUndefined(store.byId("dep_a"))
    assert.isUndefined(store.byId("dep_b"))
    assert.isUndefined(store.buildFailure())
    store.create(purchase(), upload)
    assert.deepStrictEqual(store.byKey("key_a"), purchase())
    assert.deepStrictEqual(store.payload("dep_a"), upload)
  },
  "keeps a failed payment until its payer's object knows, also if nothing else is left": (store) => {
    const failed = purchase({ id: "dep_b", key: "key_b", challengeId: "challenge_b", state: "failed" })
    store.create(purchase(), upload)
    store.create(failed, upload)
    store.delete("dep_a")
    assert.isUndefined(store.byId("dep_a"))
    assert.strictEqual(store.byId("dep_b")?.state, "failed")
    assert.strictEqual(store.outbox.next(NOW)?.id, "dep_b")
    assert.strictEqual(store.outbox.read("dep_b")?.status.charged, false)
    store.outbox.taken("dep_b", 1)
    store.delete("dep_b")
    assert.isUndefined(store.outbox.next(NOW))
  },
  "keeps a build failure, and clears it": (store) => {
    const failure = { at: 5, detail: "no", diagnostics: [{ file: "a.ts", line: 1, column: 2, text: "bad" }] }
    store.saveBuildFailure(failure)
    assert.deepStrictEqual(store.buildFailure(), failure)
    store.create(purchase(), upload)
    store.clearBuildFailure()
    assert.isUndefined(store.buildFailure())
    assert.strictEqual(store.byId("dep_a")?.id, "dep_a")
    store.clearBuildFailure()
  },
  "keeps source and secrets of a deployment until it ends": (store) => {
    assert.isUndefined(store.source("dep_a"))
    assert.deepStrictEqual(store.secrets("dep_a"), {})
    store.create(purchase(), upload, kept)
    store.save(purchase({ state: "captured" }))
    store.save(purchase({ state: "delivered", due: null }))
    assert.deepStrictEqual(store.source("dep_a"), kept.source)
    assert.deepStrictEqual(store.secrets("dep_a"), kept.secrets)
    store.save(purchase({ state: "expired", due: null }))
    assert.isUndefined(store.source("dep_a"))
    assert.deepStrictEqual(store.secrets("dep_a"), {})
  },
  "forgets source and secrets with a failed purchase, and with a deleted one": (store) => {
    store.create(purchase(), upload, kept)
    store.save(purchase({ state: "failed", due: null }))
    assert.isUndefined(store.source("dep_a"))
    assert.deepStrictEqual(store.secrets("dep_a"), {})
    store.create(purchase({ id: "dep_b", key: "key_b", challengeId: "challenge_b" }), upload, kept)
    store.create(purchase({ id: "dep_c", key: "key_c", challengeId: "challenge_c" }), upload, kept)
    store.delete("dep_b")
    assert.isUndefined(store.source("dep_b"))
    assert.deepStrictEqual(store.secrets("dep_b"), {})
    assert.deepStrictEqual(store.secrets("dep_c"), kept.secrets)
    store.delete("dep_c")
    assert.deepStrictEqual(store.secrets("dep_c"), {})
  },
  "takes source and secrets in place of those that are not live yet": (store) => {
    store.create(purchase(), upload, kept)
    store.saveWithPayload(purchase({ state: "captured" }), upload, { source: newer, secrets: { B: "b2", C: "c" } })
    assert.deepStrictEqual(store.source("dep_a"), newer)
    assert.deepStrictEqual(store.secrets("dep_a"), { A: "a", B: "b2", C: "c" })
  },
  "keeps source and secrets of an update that the host takes": (store) => {
    store.create(purchase(), upload, kept)
    store.save(purchase({ state: "delivered", due: null }))
    store.saveWithPayload(updating, upload, { source: newer, secrets: { B: "b2", C: "c" } })
    assert.deepStrictEqual(store.source("dep_a"), newer)
    assert.deepStrictEqual(store.secrets("dep_a"), { A: "a", B: "b2", C: "c" })
    store.save(edited(updating, { update: null }))
    assert.deepStrictEqual(store.source("dep_a"), newer)
    assert.deepStrictEqual(store.secrets("dep_a"), { A: "a", B: "b2", C: "c" })
  },
  "keeps the live source and secrets if the host refuses an update": (store) => {
    store.create(purchase(), upload, kept)
    store.save(purchase({ state: "delivered", due: null }))
    store.saveWithPayload(updating, upload, { source: newer, secrets: { B: "b2", C: "c" } })
    const waits = edited(updating, { update: { ...update, attempts: 1 } })
    store.save(waits)
    assert.deepStrictEqual(store.source("dep_a"), newer)
    store.save(edited(waits, { update: null, failure: { fault: "code", detail: "no", at: 5 } }))
    assert.deepStrictEqual(store.source("dep_a"), kept.source)
    assert.deepStrictEqual(store.secrets("dep_a"), kept.secrets)
  },
  "keeps source and secrets of an update that is live and sent once more": (store) => {
    store.create(purchase(), upload, kept)
    store.save(purchase({ state: "delivered", due: null }))
    store.saveWithPayload(updating, upload, { source: newer, secrets: { B: "b2" } })
    const again = edited(updating, { update: { ...update, again: 9 } })
    store.save(again)
    store.save(edited(again, { update: null, failure: { fault: "code", detail: "no", at: 5 } }))
    assert.deepStrictEqual(store.source("dep_a"), newer)
    assert.deepStrictEqual(store.secrets("dep_a"), { A: "a", B: "b2" })
  },
  "adds secrets to a purchase of an earlier release": (store) => {
    store.create(purchase(), upload)
    store.save(purchase({ state: "delivered", due: null }))
    store.saveWithPayload(updating, upload, { source: newer, secrets: { __proto__x: "1", ["__proto__"]: "2" } })
    assert.deepStrictEqual(store.source("dep_a"), newer)
    assert.deepStrictEqual(Object.entries(store.secrets("dep_a")).toSorted(), [
      ["__proto__", "2"],
      ["__proto__x", "1"]
    ])
  }
}

/** Some time, in unix milliseconds. */
const NOW = 1_800_000_000_000
const kept = { source: { "index.ts": "1", "a.png": { base64: "AAAA" } }, secrets: { A: "a", B: "b" } }
const newer = { "index.ts": "ü".repeat(1_200_000) }
const update = { body: "body", key: "key_b", attempts: 0 }
const updating = purchase({ state: "delivered", due: 3000, update })
