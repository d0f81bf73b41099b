import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

/** One deployment that is live, and until when. */
const ExpiryRecord = Schema.Struct({
  projectId: Schema.String,
  deploymentId: Schema.String,
  url: Schema.String,
  /** Unix seconds. */
  expiresAt: Schema.Int
})
/** A decoded entry of the index. */
export type ExpiryRecord = typeof ExpiryRecord.Type

/** KV's value: JSON with the names of the wire. */
const Value = Schema.fromJsonString(
  ExpiryRecord.pipe(
    Schema.encodeKeys({ projectId: "project_id", deploymentId: "deployment_id", expiresAt: "expires_at" })
  )
)

/** The index could not be read or written. */
export class ExpiryStoreUnavailable extends Schema.TaggedError<ExpiryStoreUnavailable>()("ExpiryStoreUnavailable", {
  message: Schema.String
}) {}

/** KV refuses anything shorter. */
const KV_MIN_TTL_SECONDS = 60

/** Nothing waits for the index, so it may not make anything wait. */
const KV_TIMEOUT = "5 seconds"

const keyOf = (projectId: string) => `deploy:${projectId}`

/** How long an entry is kept: until the deployment expires. Relative, so that KV's clock need not agree with ours. */
const ttlSeconds = (record: ExpiryRecord, nowMillis: number) =>
  Math.max(KV_MIN_TTL_SECONDS, record.expiresAt - Math.floor(nowMillis / 1000))

/**
 * Which projects are live, under `deploy:{project_id}`, for people and other programs to look at. No decision reads it:
 * KV shows a change up to 60 s late, takes one write a second for a key, and forgets by itself.
 */
export class ExpiryStore extends Context.Service<
  ExpiryStore,
  {
    /** Writes or overwrites the project's entry. It vanishes when the deployment expires, but not within 60 s. */
    put(record: ExpiryRecord): Effect.Effect<void, ExpiryStoreUnavailable>
    get(projectId: string): Effect.Effect<Option.Option<ExpiryRecord>, ExpiryStoreUnavailable>
    /** Nothing to remove is a success. */
    remove(projectId: string): Effect.Effect<void, ExpiryStoreUnavailable>
  }
>()("mpp-compute/expiry/ExpiryStore") {
  /** On Workers KV. Without a namespace every call fails, as with one that is down. */
  static layerKv(kv: KVNamespace | undefined) {
    const attempt = <A>(operation: string, run: (kv: KVNamespace) => Promise<A>) =>
      Effect.tryPromise({
        try: async () => {
          if (kv === undefined) throw new Error("the binding EXPIRY is missing")
          return run(kv)
        },
        catch: (cause) => new ExpiryStoreUnavailable({ message: `KV ${operation}: ${String(cause).slice(0, 300)}` })
      }).pipe(
        Effect.timeoutOrElse({
          duration: KV_TIMEOUT,
          orElse: () =>
            Effect.fail(new ExpiryStoreUnavailable({ message: `KV ${operation}: no answer in ${KV_TIMEOUT}` }))
        })
      )

    const put = Effect.fn("ExpiryStore.put")(function* (record: ExpiryRecord) {
      const expirationTtl = ttlSeconds(record, yield* Clock.currentTimeMillis)
      const value = yield* Effect.orDie(Schema.encodeEffect(Value)(record))
      yield* attempt("put", (kv) => kv.put(keyOf(record.projectId), value, { expirationTtl }))
    })

    const get = Effect.fn("ExpiryStore.get")(function* (projectId: string) {
      const value = yield* attempt("get", (kv) => kv.get(keyOf(projectId)))
      return Option.flatMap(Option.fromNullOr(value), Schema.decodeOption(Value))
    })

    const remove = Effect.fn("ExpiryStore.remove")((projectId: string) =>
      attempt("delete", (kv) => kv.delete(keyOf(projectId)))
    )

    return Layer.succeed(ExpiryStore, { put, get, remove })
  }

  /** In memory, empty, always at hand. */
  static readonly layerMemory = Layer.suspend(() => ExpiryStore.layerTest(new ExpiryMemory()))

  /** In `memory`, which a test looks into and makes unavailable. */
  static layerTest(memory: ExpiryMemory) {
    const whenUp = Effect.suspend(() =>
      memory.available ? Clock.currentTimeMillis : Effect.fail(new ExpiryStoreUnavailable({ message: "scripted" }))
    )
    return Layer.succeed(ExpiryStore, {
      put: (record) =>
        Effect.map(whenUp, (now) => {
          const goneAt = now + ttlSeconds(record, now) * 1000
          memory.entries.set(keyOf(record.projectId), { record, goneAt })
        }),
      get: (projectId) =>
        Effect.map(whenUp, (now) =>
          Option.fromUndefinedOr(memory.entries.get(keyOf(projectId))).pipe(
            Option.filter(({ goneAt }) => now < goneAt),
            Option.map(({ record }) => record)
          )
        ),
      remove: (projectId) => Effect.map(whenUp, () => void memory.entries.delete(keyOf(projectId)))
    })
  }
}

/** `ExpiryStore.layerTest` stores its entries here, by key; `goneAt` in Unix milliseconds. */
export class ExpiryMemory {
  readonly entries = new Map<string, { readonly record: ExpiryRecord; readonly goneAt: number }>()
  /** While `false`, every call fails. */
  available = true
}
