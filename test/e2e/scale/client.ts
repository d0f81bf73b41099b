import type { Stack } from "../../../src/local/stack.ts"
import { fresh, type walletOn } from "../support.ts"

/** A request, and the credential that answers its 402. */
export interface Prepared {
  readonly headers: Readonly<Record<string, string>>
  /** Sends the request with the credential, and returns the answer's JSON. */
  readonly send: () => Promise<Readonly<Record<string, unknown>>>
}

/** A request of a payer. */
export type Ask = (wallet: ReturnType<typeof walletOn>) => Promise<Prepared>

const json = { "content-type": "application/json" }

/** The files of a deploy: one small program, and a text that makes each body another order. */
export const newFiles = (): object => (JSON.parse(fresh("plain-js")) as { readonly files: object }).files

/** The requests that are counted, each ready to be sent. */
export const makeClient = ({ info: { gateway } }: Pick<Stack, "info">) => {
  const ask =
    (method: string, path: string, body?: object): Ask =>
    async (wallet) => {
      const init = {
        method,
        headers: { ...(body !== undefined && json), "idempotency-key": crypto.randomUUID() },
        ...(body !== undefined && { body: JSON.stringify(body) })
      }
      const quote = await fetch(gateway + path, init)
      if (quote.status !== 402) throw new Error(`${method} ${path} answers ${quote.status}: ${await quote.text()}`)
      const headers = { ...init.headers, authorization: await wallet.credential(quote) }
      const send = async () => {
        const response = await fetch(gateway + path, { ...init, headers })
        const text = await response.text()
        if (response.status !== 200) throw new Error(`${method} ${path} answers ${response.status}: ${text}`)
        return JSON.parse(text) as Readonly<Record<string, unknown>>
      }
      return { headers, send }
    }
  return {
    deploy: () => ask("POST", "/deploy", { files: newFiles() }),
    execute: () => ask("POST", "/execute", { code: `export default () => "${crypto.randomUUID()}"` }),
    update: (id: string) => ask("PUT", `/deployments/${id}`, { files: newFiles() }),
    renew: (id: string) => ask("POST", `/deployments/${id}/renew`),
    list: () => ask("GET", "/deployments"),
    /** A deploy without a credential. */
    quote: () =>
      fetch(`${gateway}/deploy`, { method: "POST", headers: json, body: JSON.stringify({ files: newFiles() }) }),
    /** An update without a credential. */
    quoteUpdate: (id: string) =>
      fetch(`${gateway}/deployments/${id}`, {
        method: "PUT",
        headers: json,
        body: JSON.stringify({ files: newFiles() })
      }),
    status: (id: string) => fetch(`${gateway}/deployments/${id}`)
  }
}
