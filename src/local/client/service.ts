import { Challenge } from "mppx"
import * as Schema from "effect/Schema"
import { request } from "./target.ts"

const Offer = Schema.Struct({
  method: Schema.String,
  intent: Schema.String,
  amount: Schema.String,
  currency: Schema.String
})

const Operation = Schema.Struct({
  summary: Schema.optionalKey(Schema.String),
  description: Schema.optionalKey(Schema.String),
  "x-payment-info": Schema.optionalKey(
    Schema.Struct({ offers: Schema.Array(Offer), price: Schema.Struct({ amount: Schema.String }) })
  )
})
/** One operation of the document: a path and a method. */
export type Operation = typeof Operation.Type

const Document = Schema.Struct({
  info: Schema.Struct({ title: Schema.String, description: Schema.String }),
  servers: Schema.NonEmptyArray(Schema.Struct({ url: Schema.String })),
  "x-service-info": Schema.Struct({
    categories: Schema.Array(Schema.String),
    docs: Schema.Struct({ homepage: Schema.String, llms: Schema.String, apiReference: Schema.String })
  }),
  paths: Schema.Record(Schema.String, Schema.Record(Schema.String, Operation))
})

/** The parts of `/openapi.json` that a directory's entry needs. */
export type Document = typeof Document.Type

/** Decodes `/openapi.json`. Throws a schema error for a document of another form. */
export const decodeDocument = Schema.decodeUnknownSync(Document)

/** Reads the discovery document of a live service, and a 402 of it. Nothing is paid. */
export const readService = async (origin: string) => {
  const document = decodeDocument(await (await request(`${origin}/openapi.json`, 200)).json())
  // A POST without a body is a quote.
  const [challenge] = Challenge.fromResponseList(await request(`${origin}/deploy`, 402, { method: "POST" }))
  if (challenge === undefined) throw new Error(`${origin}/deploy answered 402 without a challenge.`)
  const icon = await fetch(`${origin}/favicon.svg`).catch(() => undefined)
  await icon?.body?.cancel()
  const details = challenge.request["methodDetails"] as { readonly chainId?: number } | undefined
  return { document, realm: challenge.realm, chainId: details?.chainId, hasIcon: icon?.ok === true }
}
