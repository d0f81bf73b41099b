import { generatePrivateKey, privateKeyToAccount } from "viem/accounts"
import { startStack } from "../../../src/local/stack.ts"
import { openTestChain } from "../../fault-injection/test-chain.ts"
import { configWith, freshBody, makeAgent } from "./deploys.ts"
import { median, print, round, save } from "./report.ts"

/**
 * Measures the stages of a paid deploy on the local stack, with a real chain and real hosting, and the time of several deploys
 * at once.
 */
interface Lap {
  readonly name: string
  readonly start: number
  readonly end: number
}

const stages: Readonly<Record<string, ReadonlyArray<string>>> = {
  verify: ["PaymentService.verify"],
  authorize: ["PaymentService.authorize"],
  bundle: ["Bundler.bundle"],
  "start check": ["CodeRunner.check"],
  capture: ["PaymentService.capture"],
  create: ["ControlPlaneClient.create", "ControlPlaneClient.findBySlug", "ControlPlaneClient.get"],
  tag: ["ControlPlaneClient.tag"],
  upload: ["ControlPlaneClient.upload"],
  KV: ["ExpiryStore.put"]
}

/** Returns how long at least one of some laps was running. */
const covered = (laps: ReadonlyArray<Lap>): number => {
  let total = 0
  let until = Number.NEGATIVE_INFINITY
  for (const { start, end } of laps.toSorted((a, b) => a.start - b.start)) {
    total += Math.max(0, end - Math.max(start, until))
    until = Math.max(until, end)
  }
  return total
}

const named = (laps: ReadonlyArray<Lap>, names: ReadonlyArray<string>) =>
  laps.filter(({ name }) => names.includes(name))

/** Milliseconds by stage, and how much of each was not spent waiting for the chain or the control plane. */
const anatomyOf = (laps: ReadonlyArray<Lap>): Record<string, { readonly all: number; readonly own: number }> => {
  const calls = laps.filter(({ name }) => name.startsWith("fetch "))
  const of = (names: ReadonlyArray<string>) => {
    const spans = named(laps, names)
    const inside = calls.filter(({ start, end }) => spans.some((span) => span.start <= start && end <= span.end))
    const all = covered(spans)
    return { all, own: all - covered(inside) }
  }
  const parts = Object.fromEntries(Object.entries(stages).map(([stage, names]) => [stage, of(names)]))
  const total = of(["Gateway.deploy"])
  const inObject = of(["OrderWorkflow.submit"])
  const within = ["authorize", "bundle", "start check", "capture", "create", "tag", "upload", "KV"]
  const others = (names: ReadonlyArray<string>) => names.reduce((sum, name) => sum + (parts[name]?.all ?? 0), 0)
  const only = (millis: number) => ({ all: millis, own: millis })
  return {
    ...parts,
    "to the object and back": only(of(["Orders.submit"]).all - inObject.all),
    "the rest in the object: store, clock": only(inObject.all - others(within)),
    "the rest before and after it": only(total.all - of(["Orders.submit"]).all - others(["verify"])),
    total
  }
}

const deploys = Number(process.env["DEPLOYS"] ?? 15)
const config = configWith("test/bench/gateway/traced.ts", ".local/bench/wrangler.json")
const ports = { gatewayPort: 0, sitesPort: 0, chainPort: 0 }
const stack = await startStack({
  ...ports,
  dir: ".local/bench/stack",
  blockTime: 0.2,
  configPath: config
})
try {
  const { info } = stack
  const agent = makeAgent(info, info.payerPrivateKey)
  const buy = async () => {
    const body = freshBody()
    const answer = await agent.pay(body, await agent.sign(body))
    if (answer.status !== 200) throw new Error(`a deploy answered ${answer.status}: ${answer.text}`)
    return answer.millis
  }
  const laps = async () => (await (await fetch(`${info.gateway}/laps`)).json()) as ReadonlyArray<Lap>

  const anatomies: Array<ReturnType<typeof anatomyOf>> = []
  // V8 compiles the compiler while it runs, and has the fast code after some twenty builds.
  for (let index = -20; index < deploys; index++) {
    await laps()
    await buy()
    if (index >= 0) anatomies.push(anatomyOf(await laps()))
  }
  const middle = (stage: string, which: "all" | "own") =>
    round(median(anatomies.map((one) => one[stage]?.[which] ?? 0)))
  const rows = Object.keys(anatomies[0] ?? {}).map((stage) => ({
    stage,
    ms: middle(stage, "all"),
    "our own": middle(stage, "own")
  }))
  const total = rows.at(-1)?.ms ?? 1
  print(
    `a paid deploy of hono-api on the local stack, medians of ${deploys}, one block every 0.2 s`,
    rows.map((row) => ({ ...row, "share of all": `${Math.round((100 * row.ms) / total)} %` }))
  )

  // One payer may have few attempts in flight, so each deploy of a crowd has a payer of its own.
  const keys = Array.from({ length: 41 }, () => generatePrivateKey())
  await openTestChain(info).fund(keys.map((key) => privateKeyToAccount(key).address))
  const payers = keys.map((key) => makeAgent(info, key))

  const crowds: Array<Record<string, number | string>> = []
  for (const size of [1, 8, 32]) {
    const signed: Array<() => ReturnType<typeof agent.pay>> = []
    for (const payer of payers.splice(0, size)) {
      const body = freshBody()
      const credential = await payer.sign(body)
      signed.push(() => payer.pay(body, credential))
    }
    await laps()
    const start = performance.now()
    const answers = await Promise.all(signed.map((pay) => pay()))
    const seconds = (performance.now() - start) / 1000
    const statuses = new Map<number, number>()
    for (const { status } of answers) statuses.set(status, (statuses.get(status) ?? 0) + 1)
    const all = await laps()
    const times = (name: string) => all.filter((lap) => lap.name === name).map(({ start, end }) => end - start)
    const each = (name: string) => round(median(times(name)))
    crowds.push({
      "at once": size,
      seconds: round(seconds),
      "live/s": round((statuses.get(200) ?? 0) / seconds),
      answers: [...statuses].map(([status, count]) => `${count}× ${status}`).join(", "),
      "median ms": round(median(answers.map(({ millis }) => millis))),
      "authorize ms": each("PaymentService.authorize"),
      "its longest ms": round(Math.max(...times("PaymentService.authorize"))),
      "bundle ms": each("Bundler.bundle"),
      "check ms": each("CodeRunner.check"),
      "capture ms": each("PaymentService.capture"),
      "upload ms": each("ControlPlaneClient.upload")
    })
  }
  print("deploys at once; what was signed beforehand is sent in the same moment", crowds)
  save("anatomy", { rows, anatomies, crowds })
} finally {
  await stack.stop()
}
