import { type makeGateway, type Parts } from "../../../support/gateway.ts"

/** The gateway that a row calls. */
type Gateway = ReturnType<typeof makeGateway>

/** One row of the error table: a call, and its expected answer. */
export interface Row {
  readonly when: string
  readonly parts?: Parts
  readonly call: (gateway: Gateway) => Promise<Response>
  readonly status: number
  readonly code: string
  readonly charged: boolean | null
  readonly type?: string
  readonly headers?: Record<string, RegExp>
  readonly message?: Record<string, unknown>
  readonly captured?: number
}

/** The type of a problem of the payment protocol. */
export const protocol = (name: string): string => `https://paymentauth.org/problems/${name}`
