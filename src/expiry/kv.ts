import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { ExpiryRecord, ExpiryStore, ExpiryStoreUnavailable } from "./ExpiryStore.ts"

/** The value in KV: JSON with snake-case names. */
const StoredRecord = Schema.fromJsonString(
  ExpiryRecord.pipe(
    Schema.encodeKeys({ projectId: "project_id", deploymentId: "deployment_id", expiresAt: "expires_at" })
  )
)

/** KV's shortest time to live. */
const KV_MIN_TTL_SECONDS = 60

/** The time limit of each call, because no request may wait long for the index. */
const KV_TIMEOUT = "5 seconds"

/** The key of a project's entry. */
export const keyOf = (projectId: string) => `deploy:${projectId}`

/**
 * Returns the seconds until the deployment expires. They are relative, so that KV's clock need not agree with the gateway's.
 */
export const ttlSeconds = (record: ExpiryRecord, nowMillis: number) =>
  Math.max(KV_MIN_TTL_SECONDS, record.expiresAt - Math.floor(nowMillis / 1000))

/** Keeps the index in Workers KV. Without a namespace every call fails, as in an outage of KV. */
export const layerExpiryStoreKv = (kv: KVNamespace | undefined) => {
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
    const value = yield* Effect.orDie(Schema.encodeEffect(StoredRecord)(record))
    yield* attempt("put", (kv) => kv.put(keyOf(record.projectId), value, { expirationTtl }))
  })

  const get = Effect.fn("ExpiryStore.get")(function* (projectId: string) {
    const value = yield* attempt("get", (kv) => kv.get(keyOf(projectId)))
    return Option.flatMap(Option.fromNullOr(value), Schema.decodeOption(StoredRecord))
  })

  const remove = Effect.fn("ExpiryStore.remove")((projectId: string) =>
    attempt("delete", (kv) => kv.delete(keyOf(projectId)))
  )

  return Layer.succeed(ExpiryStore, { put, get, remove })
}
