import { Credential, Receipt } from "mppx"
import type { Stack } from "../../../src/local/stack.ts"
import { walletOn } from "../support.ts"

/** The trace that the caller says it is in. The gateway must not believe that. */
export const foreignTrace = "0123456789abcdef0123456789abcdef"

/** Makes paid calls with the stock client's credentials, and keeps what must not leave with the telemetry. */
export const openCaller = ({ info }: Pick<Stack, "info">) => {
  const wallet = walletOn({ info })
  const secrets: Array<string> = [
    foreignTrace,
    wallet.account.address.slice(2),
    info.payerPrivateKey.slice(2),
    info.controlPlaneToken
  ]
  return {
    /** Credentials and what is in them, receipts, hashes of transactions, the payer's address and key, and the host's token. */
    secrets,
    /** The payments that the service has received, in base units. */
    received: () => wallet.balance(info.recipient),
    /** Calls, pays or proves as the answer wants it, and calls again. */
    call: async (method: string, path: string, body: string | null = null) => {
      const url = `${info.gateway}${path}`
      const headers = { "content-type": "application/json", traceparent: `00-${foreignTrace}-0123456789abcdef-01` }
      const authorization = await wallet.credential(await fetch(url, { method, body, headers }))
      const response = await fetch(url, { method, body, headers: { ...headers, authorization } })
      const answer = (await response.json()) as Readonly<Record<string, unknown>>
      const { payload } = Credential.deserialize<{ readonly signature?: string }>(authorization)
      secrets.push(authorization.replace(/^Payment /, ""))
      if (payload.signature !== undefined) secrets.push(payload.signature.slice(2))
      const receipt = response.headers.get("payment-receipt")
      if (receipt !== null) secrets.push(receipt, Receipt.fromResponse(response).reference.slice(2))
      return { status: response.status, answer }
    }
  }
}
