import { setTimeout as sleep } from "node:timers/promises"
import { type Challenge, Credential } from "mppx"
import { Mppx, tempo } from "mppx/client"
import { createClient, defineChain, type Hex, http, keccak256 } from "viem"
import { generatePrivateKey, type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts"
import { tempoLocalnet } from "viem/chains"
import type { StackInfo } from "../../src/local/info.ts"

/** An answer of the gateway; status 0 if nothing came back. */
export interface Answer {
  readonly status: number
  readonly code: string | undefined
  readonly charged: boolean | null | undefined
  readonly deployment_id: string | undefined
  readonly url: string | undefined
  /** Whether the request carried a credential. */
  readonly paid: boolean
  readonly text: string
}

/** The answer if nothing came back. */
const nothing = {
  status: 0,
  code: undefined,
  charged: undefined,
  deployment_id: undefined,
  url: undefined,
  text: ""
}

/** The two endpoints that sell something. */
export type Path = "/deploy" | "/execute"

/** An agent with a wallet of its own and the stock client. It keeps every answer that it gets. */
export class Agent {
  readonly privateKey: Hex
  readonly account: PrivateKeyAccount
  /** Whether other agents have the same wallet. */
  readonly sharesWallet: boolean
  readonly answers: Array<Answer> = []
  /** The signed transactions that it sent to the gateway, and their hashes. */
  readonly signed = new Set<string>()
  /** The origins of the gateways that it sent credentials to. */
  readonly paidAt = new Set<string>()
  /** The requests that carried a credential, unchanged. */
  readonly credentials: Array<string> = []
  /** The receipts that it got. */
  readonly receipts: Array<string> = []
  /** `fetch` that pays: mppx's own. */
  readonly pay: (url: string, init: RequestInit) => Promise<Response>
  /** Signs the answer to a 402 without sending it. */
  readonly sign: (response: Response) => Promise<string>
  readonly #gateway: string
  readonly #path: Path

  /** `path` is the endpoint that it buys from. With `sharedKey` it has the wallet of other agents. */
  constructor(info: StackInfo, gateway: string, path: Path = "/deploy", sharedKey?: Hex) {
    this.privateKey = sharedKey ?? generatePrivateKey()
    this.account = privateKeyToAccount(this.privateKey)
    this.sharesWallet = sharedKey !== undefined
    this.#gateway = gateway
    this.#path = path
    const chain = defineChain({ ...tempoLocalnet, id: info.chainId, rpcUrls: { default: { http: [info.rpc] } } })
    const client = createClient({ account: this.account, chain, transport: http(info.rpc) })
    const methods = [tempo.charge({ account: this.account, getClient: () => client })]
    const mppx = Mppx.create({
      polyfill: false,
      methods,
      // The stack may offer several tokens, and `info` names the one of these agents.
      orderChallenges: (all) => [
        ...all.filter(({ challenge }) => (challenge as Challenge.Challenge).request["currency"] === info.currency),
        ...all
      ],
      fetch: (input, init) => this.#noted(input as string | URL, init)
    })
    this.pay = mppx.fetch
    this.sign = async (response) => this.#note(await mppx.createCredential(response))
  }

  /** Sends one POST, and pays nothing. */
  post(body: string, headers: Record<string, string> = {}, gateway = this.#gateway): Promise<Response> {
    return this.#noted(`${gateway}${this.#path}`, {
      method: "POST",
      body,
      headers: { "content-type": "application/json", ...headers }
    })
  }

  /** One call of the stock client, which answers a 402 by paying. */
  call(body: string, key?: string, gateway = this.#gateway): Promise<Response> {
    const headers = { "content-type": "application/json", ...(key !== undefined && { "idempotency-key": key }) }
    return this.pay(`${gateway}${this.#path}`, { method: "POST", body, headers })
  }

  /**
   * Repeats the call with the same key, after the pause that each answer names, until there is a site or a result. An agent
   * that reads its answers does so.
   *
   * @throws Error if an answer says that repeating does not help, or nothing is live after three minutes.
   */
  async callUntilDone(body: string, key: string, gateway = this.#gateway): Promise<Answer> {
    for (const end = Date.now() + 180_000; Date.now() < end;) {
      const response = await this.call(body, key, gateway).catch(() => undefined)
      const last = this.answers.at(-1)
      if (response?.status === 200 && last !== undefined) return last
      if (response !== undefined && response.status < 500 && response.status !== 409 && response.status !== 402) {
        throw new Error(`answered ${response.status} ${last?.text}`)
      }
      await sleep(1000 * Math.min(Number(response?.headers.get("retry-after") ?? 1), 5) * (0.5 + Math.random()))
    }
    throw new Error(
      `not live after three minutes; last: ${[...new Set(this.answers.map(({ code }) => code))].join()} ${this.answers.at(-1)?.text}`
    )
  }

  async #noted(input: string | URL, init: RequestInit = {}): Promise<Response> {
    const authorization = new Headers(init.headers).get("authorization")
    const paid = authorization !== null
    if (paid) {
      this.#note(authorization)
      this.paidAt.add(new URL(input).origin)
    }
    let response: Response
    let text: string
    try {
      response = await fetch(input, { ...init, signal: AbortSignal.timeout(120_000) })
      text = await response.clone().text()
    } catch (cause) {
      this.answers.push({ ...nothing, paid })
      throw cause
    }
    const receipt = response.headers.get("payment-receipt")
    if (receipt !== null) this.receipts.push(receipt)
    const json = (text.startsWith("{") ? JSON.parse(text) : {}) as Partial<Answer>
    const { code, charged, deployment_id, url } = json
    this.answers.push({
      status: response.status,
      code,
      charged,
      deployment_id,
      url,
      text,
      paid
    })
    return response
  }

  #note(credential: string): string {
    const { payload } = Credential.deserialize<{ signature?: Hex }>(credential)
    if (payload.signature !== undefined) {
      this.signed.add(payload.signature.toLowerCase())
      this.signed.add(keccak256(payload.signature))
      this.credentials.push(credential)
    }
    return credential
  }
}
