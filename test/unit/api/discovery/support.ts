import * as Effect from "effect/Effect"
import { makeGateway, type Parts, testSettings } from "../../../support/gateway.ts"

export interface Operation {
  readonly "x-payment-info"?: {
    readonly offers: ReadonlyArray<Record<string, string>>
    readonly price: Readonly<Record<string, string>>
    readonly protocols: ReadonlyArray<{ readonly mpp: Readonly<Record<string, string>> }>
  }
  readonly security?: ReadonlyArray<unknown>
  readonly requestBody?: {
    readonly content: {
      readonly "application/json": { readonly schema?: Readonly<Record<string, unknown>>; readonly example: unknown }
    }
  }
  readonly responses: Readonly<Record<string, Answer>>
}
interface JsonSchema {
  readonly required?: ReadonlyArray<string>
  readonly properties?: Readonly<Record<string, { readonly enum?: ReadonlyArray<unknown> }>>
}
interface Answer {
  readonly $ref?: string
  readonly content?: Readonly<Record<string, Media>>
}
export interface Media {
  readonly example?: unknown
  readonly examples?: Readonly<Record<string, { readonly $ref: string }>>
}
export interface Document {
  readonly info: { readonly contact?: { readonly email: string }; readonly "x-guidance": string }
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: {
    readonly schemas: Readonly<Record<string, JsonSchema>>
    readonly examples: Readonly<Record<string, { readonly value: Record<string, unknown> }>>
    readonly responses: Readonly<Record<string, Answer>>
  }
  readonly servers: ReadonlyArray<{ readonly url: string }>
  readonly "x-service-info": { readonly categories: ReadonlyArray<string>; readonly docs: Record<string, string> }
}

/** A run of code, for a gateway with a loader. */
export const run = () => Effect.succeed({ ok: true as const, result: "5", durationMs: 1 })

export const read = async (settings: Record<string, string> = testSettings, parts: Pick<Parts, "run"> = {}) => {
  const gateway = makeGateway({ settings, ...parts })
  const response = await gateway.send("/openapi.json")
  const text = await response.text()
  return { gateway, response, text, document: JSON.parse(text) as Document }
}

/** Returns every `$ref` in a document, each of which must lead somewhere. */
export const references = (text: string) =>
  [...text.matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path]) => path?.split("/") ?? [])
