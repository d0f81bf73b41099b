import * as Exit from "effect/Exit"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { Deleted, Deployed, DeployedFields, Executed, LogSource, Source, TakenDown } from "../domain/Order.ts"
import { Internal, NotFound } from "../domain/Errors.ts"
import { isReplayed, markReplayed } from "../domain/replayed.ts"
import {
  CommitError,
  DeployError,
  ExecuteError,
  HoldError,
  ProvedError,
  RenewError,
  TakedownError,
  UpdateError
} from "./operations.ts"

const FieldsSchema = Schema.Struct({
  url: Schema.String,
  deployment_id: Schema.String,
  expires_at: Schema.String,
  ttl_hours: Schema.Number
})

const DeployedSchema = Schema.Struct({
  ...FieldsSchema.fields,
  receipt: Schema.String,
  replayed: Schema.optionalKey(Schema.Boolean)
})

const ExecutedSchema = Schema.Struct({
  execution_id: Schema.String,
  output: Schema.String,
  receipt: Schema.String,
  replayed: Schema.optionalKey(Schema.Boolean)
})

const DeletedSchema = Schema.Struct({ deployment_id: Schema.String, status: Schema.Literal("deleted") })

const TakenDownSchema = Schema.Struct({
  ...DeletedSchema.fields,
  taken_down: Schema.String,
  confirmed: Schema.Boolean
})

const SourceSchema = Schema.Struct({ body: Schema.String, etag: Schema.String })

const LogSourceSchema = Schema.Struct({ projectId: Schema.String, endsAt: Schema.Number })

/** How an outcome crosses the object's boundary. A value that is not an outcome is a defect. */
export interface OutcomeCodec<A, E> {
  readonly encode: (outcome: Exit.Exit<A, E>) => Effect.Effect<unknown>
  readonly decode: (encoded: unknown) => Effect.Effect<Exit.Exit<A, E>>
}

/** Makes a codec with its first outcome: all of them together take five milliseconds, which no unpaid request needs. */
const codec = <A, E>(value: Schema.Codec<A, Schema.Json | A>, error: Schema.Codec<E, unknown>): OutcomeCodec<A, E> => {
  let made: ReturnType<typeof makeCodec<A, E>> | undefined
  const use = () => (made ??= makeCodec(value, error))
  return {
    encode: (exit) => Effect.map(Effect.orDie(use().encode(exit)), (encoded) => withMark(encoded, exit)),
    decode: (encoded) => Effect.map(Effect.orDie(use().decode(encoded)), (exit) => marked(exit, encoded))
  }
}

const makeCodec = <A, E>(value: Schema.Codec<A, Schema.Json | A>, error: Schema.Codec<E, unknown>) => {
  const outcome = Schema.toCodecJson(Schema.Exit(value, error, Schema.Defect()))
  return { encode: Schema.encodeEffect(outcome), decode: Schema.decodeUnknownEffect(outcome) }
}

/** The error of an outcome, if it is one that can carry the mark of `markReplayed`. */
const errorOf = (exit: Exit.Exit<unknown, unknown>): object | undefined => {
  const error = Option.getOrUndefined(Exit.findErrorOption(exit))
  return typeof error === "object" && error !== null ? error : undefined
}

const withMark = (encoded: unknown, exit: Exit.Exit<unknown, unknown>): unknown => {
  const error = errorOf(exit)
  return error !== undefined && isReplayed(error) ? { ...(encoded as object), replayed: true } : encoded
}

const marked = <A, E>(exit: Exit.Exit<A, E>, encoded: unknown): Exit.Exit<A, E> => {
  const error = errorOf(exit)
  if (error !== undefined && (encoded as { readonly replayed?: unknown }).replayed === true) markReplayed(error)
  return exit
}

/**
 * The operations of an order that can fail, and the codec of each one's outcome. An error that is thrown across the boundary of
 * an object keeps its fields and loses its class. Therefore the whole `Exit` crosses as JSON, and becomes an `Exit` with real
 * classes again on the other side.
 */
export const OUTCOMES = {
  submit: codec<Deployed, DeployError>(DeployedSchema, DeployError),
  execute: codec<Executed, ExecuteError>(ExecutedSchema, ExecuteError),
  update: codec<Deployed, UpdateError>(DeployedSchema, UpdateError),
  remove: codec<Deleted, ProvedError>(DeletedSchema, ProvedError),
  takeDown: codec<TakenDown, TakedownError>(TakenDownSchema, TakedownError),
  readSource: codec<Source, ProvedError>(SourceSchema, ProvedError),
  readLogs: codec<LogSource, ProvedError>(LogSourceSchema, ProvedError),
  renew: codec<Deployed, RenewError>(DeployedSchema, RenewError),
  hold: codec<void, HoldError>(Schema.Void, HoldError),
  commit: codec<DeployedFields, CommitError>(FieldsSchema, CommitError),
  release: codec<void, Internal | NotFound>(Schema.Void, Schema.Union([Internal, NotFound]))
}
