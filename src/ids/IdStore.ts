import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

/** The store could not be read or written. */
export class IdStoreUnavailable extends Schema.TaggedError<IdStoreUnavailable>()("IdStoreUnavailable", {
  message: Schema.String
}) {}

/** Ids of earlier releases, which have no check, as they were found at the host. */
const EarlierIds = Schema.Struct({
  /** When the host was asked last, in unix milliseconds. */
  at: Schema.Number,
  ids: Schema.Array(Schema.String)
})
/** Ids of earlier releases, as they were found at the host. */
export type EarlierIds = typeof EarlierIds.Type

const EarlierText = Schema.fromJsonString(EarlierIds)

const KV_TIMEOUT = "5 seconds"
const KEY_PREFIX = "id-key:"
const EARLIER = "ids-earlier"

/**
 * The gateway needs these to recognize ids whose check today's key cannot verify: the keys before it, and the ids that
 * have no check. It asks nothing here about an id whose check holds.
 */
export class IdStore extends Context.Service<
  IdStore,
  {
    /** Every key (see `idKey`) that ids were made with; one that was added lately may lack for a minute. */
    readonly keys: Effect.Effect<ReadonlyArray<string>, IdStoreUnavailable>
    /** Adds a key; adding it again changes nothing. */
    readonly addKey: (key: string) => Effect.Effect<void, IdStoreUnavailable>
    readonly earlier: Effect.Effect<Option.Option<EarlierIds>, IdStoreUnavailable>
    readonly putEarlier: (found: EarlierIds) => Effect.Effect<void, IdStoreUnavailable>
  }
>()("mpp-compute/ids/IdStore") {
  /** On Workers KV: keys in the names of empty entries (one list reads them all), the earlier ids in one value. */
  static layerKv(kv: KVNamespace) {
    const attempt = <A>(operation: string, run: () => Promise<A>) =>
      Effect.tryPromise({
        try: run,
        catch: (cause) => new IdStoreUnavailable({ message: `KV ${operation}: ${String(cause).slice(0, 300)}` })
      }).pipe(
        Effect.timeoutOrElse({
          duration: KV_TIMEOUT,
          orElse: () => Effect.fail(new IdStoreUnavailable({ message: `KV ${operation}: no answer in ${KV_TIMEOUT}` }))
        })
      )
    return Layer.succeed(IdStore, {
      keys: Effect.map(
        attempt("list", () => kv.list({ prefix: KEY_PREFIX })),
        ({ keys }) => keys.map(({ name }) => name.slice(KEY_PREFIX.length))
      ),
      addKey: Effect.fn("IdStore.addKey")(function* (key: string) {
        const name = `${KEY_PREFIX}${key}`
        if ((yield* attempt("get", () => kv.get(name))) === null) yield* attempt("put", () => kv.put(name, ""))
      }),
      earlier: Effect.map(
        attempt("get", () => kv.get(EARLIER)),
        (value) => Option.flatMap(Option.fromNullOr(value), Schema.decodeOption(EarlierText))
      ),
      putEarlier: Effect.fn("IdStore.putEarlier")(function* (found: EarlierIds) {
        const value = yield* Effect.orDie(Schema.encodeEffect(EarlierText)(found))
        yield* attempt("put", () => kv.put(EARLIER, value))
      })
    })
  }

  /** In memory: gone with the process. */
  static readonly layerMemory = Layer.sync(IdStore, () => {
    const keys = new Set<string>()
    let earlier = Option.none<EarlierIds>()
    return {
      keys: Effect.sync(() => [...keys]),
      addKey: (key) => Effect.sync(() => void keys.add(key)),
      earlier: Effect.sync(() => earlier),
      putEarlier: (found) => Effect.sync(() => void (earlier = Option.some(found)))
    }
  })
}
