import { setTimeout as sleep } from "node:timers/promises"
import type { Agent } from "./agent.ts"
import type { WholeHarness } from "./harness.ts"

/** A payment is valid for 25 s, and the gateway tries again a minute after the collector has missed a batch. */
const SETTLED_MS = 150_000

/** Items leave the gateway a second after they are collected. */
const FLUSHED_MS = 2500

/**
 * Compares the counters of the stack's gateway with the chain, which is the book of record: so many payments, and so much money. A killed
 * gateway takes a second of counts with it, so this comes after the faults that do not kill it, and before those that do.
 *
 * @returns objections, if the two differ, or counters may be lost.
 */
export const compareCounters = async (
  harness: WholeHarness,
  agents: ReadonlyArray<Agent>,
  fromBlock: number,
  print: (line: string) => void
): Promise<ReadonlyArray<string>> => {
  const { chain, collector, info, front } = harness
  const own = new Set([info.gateway, front.url].map((url) => new URL(url).origin))
  // Other gateways take money for the same recipient, and send no telemetry.
  const ofOthers = new Set(
    agents
      .filter(({ paidAt }) => [...paidAt].some((origin) => !own.has(origin)))
      .map(({ account }) => account.address.toLowerCase())
  )
  const onChain = async () => {
    const transfers = (await chain.received(fromBlock)).filter(({ from }) => !ofOthers.has(from.toLowerCase()))
    return describe(
      transfers.length,
      transfers.reduce((sum, { amount }) => sum + amount, 0n)
    )
  }
  const counted = () =>
    describe(
      collector.sum("mpp_compute.order.transitions", { state: "captured" }),
      collector.sum("mpp_compute.captured", { token: info.currency })
    )

  // Payments may still be on their way, so the two agree if they do twice in succession.
  let agreed = 0
  let [chainSays, gatewaySays] = ["", ""]
  for (const end = Date.now() + SETTLED_MS; agreed < 2 && Date.now() < end;) {
    // A request sends what waits, also after a pause.
    await fetch(`${info.gateway}/health`).catch(() => {})
    await sleep(FLUSHED_MS)
    ;[chainSays, gatewaySays] = [await onChain(), counted()]
    agreed = chainSays === gatewaySays ? agreed + 1 : 0
  }
  print(`the chain has ${chainSays}; the gateway has counted ${gatewaySays}`)
  const instances = new Set(collector.points.map(({ resource }) => resource["service.instance.id"])).size
  return [
    ...(agreed < 2 ? [`the counters differ from the chain: ${gatewaySays} instead of ${chainSays}`] : []),
    ...(instances > 1 ? [`${instances} gateways have counted: one has started anew before it should be killed`] : []),
    ...collector.errors.map((error) => `the collector got something else than OTLP: ${error}`)
  ]
}

const describe = (payments: number | bigint, money: bigint): string => `${payments} payments of ${money} base units`
