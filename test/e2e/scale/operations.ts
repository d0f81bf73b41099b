import type { Stack } from "../../../src/local/stack.ts"
import type { walletOn } from "../support.ts"
import { type Ask, makeClient } from "./client.ts"
import { type Counted, makeCounter, type ObjectRef, objectsOf } from "./Counter.ts"

type Wallet = ReturnType<typeof walletOn>

/**
 * The first deploy of all, whose rows are not compared: its build takes so long on a busy machine that workerd may evict the
 * payer's object meanwhile, which then reads its storage again.
 */
export const FIRST = "the first deploy of an isolate"

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

/**
 * Does each operation once, and returns what the Worker has done for it, by the operation's name. No object is in memory before,
 * as on the platform, where most calls come long after the one before.
 *
 * @param payers wallets that have paid for nothing yet.
 */
export const countOperations = async (
  stack: Stack,
  payers: readonly [Wallet, Wallet]
): Promise<ReadonlyMap<string, Counted>> => {
  const counter = makeCounter(stack.info.gateway)
  const client = makeClient(stack)
  const found = new Map<string, Counted>()
  const known = new Map<string, ObjectRef>()

  const count = async (name: string, work: () => Promise<unknown>) => {
    await counter.evict([...known.values()])
    const counted = await counter.count(work)
    for (const object of objectsOf(counted)) known.set(object.id, object)
    found.set(name, counted)
    return counted
  }
  /** Counts the call with the credential alone. The one without it has a row of its own. */
  const buy = async (name: string, wallet: Wallet, ask: Ask) => {
    const { send } = await ask(wallet)
    let answer: Readonly<Record<string, unknown>> = {}
    const counted = await count(name, async () => void (answer = await send()))
    const [order, payer] = (["Order", "Payer"] as const).map(
      (kind) =>
        counted.invocations.find(({ name, object }) => name.startsWith(kind) && object !== counted.operator)?.object ??
        ""
    ) as [string, string]
    return {
      id: String(answer["deployment_id"]),
      order: { namespace: "ORDERS", id: order } as const,
      payer: { namespace: "PAYERS", id: payer } as const,
      send
    }
  }

  const [one, other] = payers
  const first = await buy(FIRST, one, client.deploy())
  const second = await buy("the first deploy of a payer", other, client.deploy())
  const { id, order, payer, send } = await buy("deploy", other, client.deploy())
  await count("deploy again, with the same key", send)
  await count("402", client.quote)
  const execution = await buy("execute", other, client.execute())
  await count("402 for an update", () => client.quoteUpdate(id))
  await buy("update", other, client.update(id))
  await buy("renewal", other, client.renew(id))
  await buy("list", other, client.list())
  await count("status", () => client.status(id))
  await count("sweep", () => stack.gateway.scheduled())
  // From here on nothing is paid, because the chain's clock stays.
  await counter.turn(2 * MINUTE_MS)
  await count("payer's alarm, a minute later", () => counter.ring(first.payer))
  await counter.turn(2 * DAY_MS)
  for (const one of [first, second]) await counter.count(() => counter.ring(one.order))
  await count("expiry", () => counter.ring(order))
  await count("expiry of an execution", () => counter.ring(execution.order))
  await counter.turn(8 * DAY_MS)
  await count("forgetting, a week later", () => counter.ring(order))
  await count("payer's alarm, a week later", () => counter.ring(payer))
  // The host has two projects of an order that has lost its storage.
  await createProject(stack, id)
  await createProject(stack, id)
  await count("sweep with two orphans", () => stack.gateway.scheduled())
  await counter.turn(-(2 * MINUTE_MS + 10 * DAY_MS))
  return found
}

/** Creates a project at the host, with the name that the order of a deployment would give it. */
const createProject = async ({ info }: Stack, id: string): Promise<void> => {
  const response = await fetch(`${info.controlPlane}/v1/projects`, {
    method: "POST",
    headers: { authorization: `Bearer ${info.controlPlaneToken}`, "content-type": "application/json" },
    body: JSON.stringify({ name: `mpp-compute ${id}`, slug: `orphan-${crypto.randomUUID().slice(0, 8)}` })
  })
  if (response.status !== 201) throw new Error(`the host answers ${response.status}: ${await response.text()}`)
}
