import * as Effect from "effect/Effect"
import { assert } from "vitest"
import { testCredential } from "../../../src/payment/testing.ts"
import { deployment, makeGateway, type Parts, testSettings } from "../../support/gateway.ts"

/** The operator's password in these tests. */
export const TOKEN = "the operator's token of thirty-two characters"

/** A gateway. */
export type Gateway = ReturnType<typeof makeGateway>

/** Makes a gateway with an operator. */
export const makeOperated = (parts: Parts = {}): Gateway =>
  makeGateway({ ...parts, settings: { ...testSettings, OPERATOR_TOKEN: TOKEN, ...parts.settings } })

/** The value of `Authorization` for a password. */
export const basic = (password: string, name = "operator"): string =>
  `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}`

/** Reads as the operator does with a program. */
export const get = (gateway: Gateway, path: string) =>
  gateway.send(`/operator${path}`, { headers: { authorization: basic(TOKEN) } })

/** Acts as the operator does with a program. */
export const post = (gateway: Gateway, path: string, body: object = {}) =>
  gateway.send(`/operator${path}`, {
    method: "POST",
    headers: { authorization: basic(TOKEN), "content-type": "application/json" },
    body: JSON.stringify(body)
  })

/** Takes a deployment down. */
export const takeDown = (gateway: Gateway, id: string, reason = "It phishes.") =>
  post(gateway, `/deployments/${id}/takedown`, { reason })

/** Returns the JSON of a successful answer. */
export const answered = async (response: Response): Promise<Record<string, unknown>> => {
  assert.strictEqual(response.status, 200, await response.clone().text())
  return response.json()
}

/** Makes a paid deploy, and returns its id. */
export const deploy = async (gateway: Gateway, headers: Record<string, string> = {}) =>
  (await deployment(await gateway.pay({ headers }))).deployment_id

/** The status of a deployment. */
export const status = async (gateway: Gateway, id: string) => answered(await gateway.send(`/deployments/${id}`))

/** Sends a renewal with these headers. */
export const sendRenewal = (gateway: Gateway, id: string, headers: Record<string, string>) =>
  gateway.send(`/deployments/${id}/renew`, { method: "POST", headers })

/** Returns the headers with which another payer renews a deployment, as often as they are sent. */
export const renewal = async (gateway: Gateway, id: string, key = "renewal") => {
  const challenge = (await sendRenewal(gateway, id, { "idempotency-key": key })).headers.get("www-authenticate") ?? ""
  return { "idempotency-key": key, authorization: testCredential(challenge, "0xother") }
}

/** Renews a deployment as another payer. */
export const renew = async (gateway: Gateway, id: string, key?: string) =>
  sendRenewal(gateway, id, await renewal(gateway, id, key))

/** A call that waits: `reached` resolves when it begins, and `go` lets it go on. */
export const holding = () => {
  let reach = () => {}
  let go = () => {}
  const reached = new Promise<void>((resolve) => (reach = resolve))
  const gone = new Promise<void>((resolve) => (go = resolve))
  const wait = Effect.promise(() => {
    reach()
    return gone
  })
  return { reached, go: () => go(), wait, fault: <A, E>(call: Effect.Effect<A, E>) => Effect.andThen(wait, call) }
}
