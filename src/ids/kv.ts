import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { EarlierIds, IdStore, IdStoreUnavailable } from "./IdStore.ts"

const EarlierText = Schema.fromJsonString(EarlierIds)

const KV_TIMEOUT = "5 seconds"
const KEY_PREFIX = "id-key:"
const EARLIER = "ids-earlier"

/** Keeps the keys as names of empty entries in Workers KV, which one list request reads, and the earlier ids in one value. */
export const layerIdStoreKv = (kv: KVNamespace) => {
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
