import { randomUUID } from "node:crypto"
import { setTimeout as sleep } from "node:timers/promises"
import { Challenge, Receipt } from "mppx"
import type { Hex } from "viem"
import { explain, messageOf, request } from "./target.ts"
import { openWallet, type Price, priceOf } from "./wallet.ts"

/** The proof that a service sold a deploy: what a directory asks for. Times are milliseconds from the start. */
export interface Evidence {
  readonly service: string
  readonly started_at: string
  readonly idempotency_key: string
  readonly challenge: { readonly id: string; readonly realm: string } & Omit<Price, "amount"> & {
      readonly amount: string
    }
  readonly payer: string
  readonly receipt: Receipt.Receipt
  readonly transaction: { readonly hash: string; readonly status: string; readonly block: number }
  readonly deployment: { readonly url: string; readonly deployment_id: string; readonly expires_at: string }
  readonly answer: string
  readonly deleted: boolean
  readonly millis: Readonly<Record<"quoted" | "paid" | "answered" | "deleted", number>>
}

/** The code answers this text, which no other deployment does. */
const sourceOf = (text: string) => ({
  files: { "src/index.ts": `export default { fetch: () => new Response(${JSON.stringify(text)}) }\n` },
  name: "canary"
})

/** How long the site may take to answer, in milliseconds. */
const SITE_MILLIS = 10_000

/** A paid call is repeated this often, with its key, if its answer was lost or says that the order is in progress. */
const ATTEMPTS = 5

/**
 * Buys a deploy with the stock client, checks that its URL answers, deletes it, and returns the evidence. `print` gets each step.
 *
 * @throws Error in one sentence for each failure. The deployment is deleted even if its URL does not answer.
 */
export const buyDeploy = async (
  origin: string,
  given: { readonly key: string | undefined; readonly rpc: string | undefined },
  print: (line: string) => void
): Promise<Evidence> => {
  const started = Date.now()
  const millis = () => Date.now() - started
  const text = `canary ${randomUUID()}`
  const key = randomUUID()
  const call = {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": key },
    body: JSON.stringify(sourceOf(text))
  }
  const { missing } = (await (await request(`${origin}/health`, 200)).json()) as {
    readonly missing: ReadonlyArray<string>
  }
  if (missing.length > 0) throw new Error(`${origin} is not configured: ${missing.join(", ")} missing.`)

  const quotes = Challenge.fromResponseList(await request(`${origin}/deploy`, 402, call))
  const prices = quotes.filter(({ method }) => method === "tempo").map(priceOf)
  const [price] = prices
  if (price === undefined) throw new Error(`${origin} cannot be paid on Tempo.`)
  const quoted = millis()
  print(`402 after ${quoted} ms: ${quotes.length} challenge(s), chain ${price.chainId}`)
  const wallet = openWallet(given.key, price.chainId, given.rpc)
  await wallet.requireFunds(prices)

  let challenge: Challenge.Challenge | undefined
  wallet.mppx.onCredentialCreated((payload) => void (challenge ??= payload.challenge))
  const response = await payFor(() => wallet.mppx.fetch(`${origin}/deploy`, call), key, print)
  const paid = millis()
  const receipt = Receipt.fromResponse(response)
  const deployment = (await response.json()) as Evidence["deployment"]
  if (challenge === undefined) throw new Error(`${origin} answered 200 without a payment.`)
  print(`200 after ${paid} ms: ${deployment.url}, receipt ${receipt.reference}`)

  const answer = await readSite(deployment.url, text).catch((cause: unknown) => cause as Error)
  const answered = millis()
  await remove(wallet.mppx.fetch, `${origin}/deployments/${deployment.deployment_id}`)
  const deleted = millis()
  if (answer instanceof Error) throw new Error(`${answer.message} It was paid for and deleted: ${receipt.reference}.`)
  print(`the URL answered after ${answered} ms, and the deployment is deleted`)

  const { status, block } = await wallet.lookUp(receipt.reference as Hex).catch((cause: unknown): never => {
    throw new Error(`The chain knows no transaction ${receipt.reference}: ${messageOf(cause)}`, { cause })
  })
  if (status !== "success") throw new Error(`The transaction ${receipt.reference} of the receipt has reverted.`)
  return {
    service: origin,
    started_at: new Date(started).toISOString(),
    idempotency_key: key,
    challenge: {
      id: challenge.id,
      realm: challenge.realm,
      ...priceOf(challenge),
      amount: String(priceOf(challenge).amount)
    },
    payer: wallet.address,
    receipt,
    transaction: { hash: receipt.reference, status, block },
    deployment,
    answer,
    deleted: true,
    millis: { quoted, paid, answered, deleted }
  }
}

/** Pays, and repeats the same call with its key while that is free and may help. */
const payFor = async (pay: () => Promise<Response>, key: string, print: (line: string) => void): Promise<Response> => {
  for (let attempt = 1; ; attempt++) {
    const response = await pay().catch((cause: unknown) => cause as Error)
    if (!(response instanceof Error) && response.status === 200) return response
    const reason = response instanceof Error ? messageOf(response) : `${response.status}: ${await explain(response)}`
    const mayHelp =
      response instanceof Error ? isLostAnswer(response) : response.status === 409 || response.status >= 500
    if (!mayHelp || attempt === ATTEMPTS)
      throw new Error(
        `The deploy was not delivered (${reason}). Its Idempotency-Key is ${key}: it repeats the call, free.`
      )
    print(`attempt ${attempt}: ${reason}; the same call again with its key`)
    await sleep(2000)
  }
}

/** Whether `fetch` failed, as opposed to the wallet. */
const isLostAnswer = (error: Error): boolean => error instanceof TypeError && error.message === "fetch failed"

/** Waits until the site answers the text of this deployment. */
const readSite = async (url: string, text: string): Promise<string> => {
  let last = "nothing"
  for (const until = Date.now() + SITE_MILLIS; Date.now() < until; await sleep(500)) {
    const response = await fetch(url, { signal: AbortSignal.timeout(10_000) }).catch(messageOf)
    last = typeof response === "string" ? response : `${response.status} ${(await response.text()).slice(0, 100)}`
    if (last === `200 ${text}`) return last
  }
  throw new Error(`${url} did not answer its text within ${SITE_MILLIS / 1000} s, but: ${last}.`)
}

/** Deletes the deployment. The proof that this asks for moves no money. */
const remove = async (fetchPaying: typeof fetch, url: string): Promise<void> => {
  const response = await fetchPaying(url, { method: "DELETE" }).catch((cause: unknown) => cause as Error)
  if (!(response instanceof Error) && response.status === 200) return
  const reason = response instanceof Error ? messageOf(response) : `${response.status}: ${await explain(response)}`
  throw new Error(`The deployment is live and could not be deleted (${reason}): DELETE ${url}`)
}
