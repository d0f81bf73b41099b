import type { Bare } from "./gateways/bare.ts"
import type { TestChain } from "./test-chain.ts"
import { setTimeout as sleep } from "node:timers/promises"
import type { Agent, Answer } from "./agent.ts"
import type { StackInfo } from "../../src/local/info.ts"
import type { Settings } from "../../src/local/settings.ts"
import type { Proxy } from "./proxy.ts"

/** The stack under attack, and the means of the attacks. */
export interface Harness {
  /** The stack's directory. */
  readonly dir: string
  readonly info: StackInfo
  readonly chain: TestChain
  /** Proxies between the gateway and the chain, the gateway and the control plane, the agents and the gateway. */
  readonly rpc: Proxy
  readonly host: Proxy
  readonly front: Proxy
  /** How often the process that runs code was replaced. */
  readonly restarts: () => number
  /** The slug of a project, learned from the traffic between gateway and control plane. */
  readonly slugOf: (projectId: string) => string | undefined
  /** The control plane itself. */
  readonly controlPlane: (method: string, path: string, body?: object) => Promise<Response>
  /** Kills the gateway's processes with SIGKILL. `revive` starts it again on the same storage. */
  readonly kill: () => Promise<void>
  readonly revive: () => Promise<void>
  /**
   * The built Worker in Miniflare, in a process that can be killed apart from the stack. It starts at the first use of its name, with
   * these settings beside those of the stack's gateway. Names begin with "bare", which is also the default.
   */
  readonly bare: (name?: string, settings?: Settings) => Promise<Bare>
}

/** One order under one attack: its own payer, unless its fault has one payer; its own body, its own slug. */
export interface Run {
  /** A slug that no other run's slug begins with. */
  readonly slug: string
  readonly body: string
  readonly key: string
  readonly agent: Agent
  /** The attack sets this once it has seen the fault happen. */
  injected: boolean
  /** Broken promises of answers, as sentences. */
  readonly broken: Array<string>
  /** The deployment that the attack renews. */
  renewal?: Renewal
}

/** A deployment that is renewed. */
export interface Renewal {
  readonly id: string
  /** When it ended before. Each payment but the first makes it later by 24 hours, or `ttlMs`. */
  readonly expiresAt: string
  /** The most payments, that of the deploy included. */
  readonly most: number
  /** How often it was deployed, each time paid; default once. A run that was too late for its renewal begins again. */
  readonly deploys?: number
  /** The gateway that has it; by default the stack's. */
  readonly gateway?: string
  /** It and its renewals are brief: each payment is for this time, in milliseconds, and all of it is over at the end of the tests. */
  readonly ttlMs?: number
  /** Whether a brief one answered 5 s after its old expiry, and so was there for its renewal. */
  servedAfterExpiry?: boolean
  /** Its payer has deleted it. */
  deleted?: boolean
  /** Its payer has deleted it before it was renewed, or after: no payment was in progress. */
  endedByPayer: boolean
}

/** A family of runs with the same fault. */
export interface Fault {
  readonly name: string
  readonly runs: number
  /** The operation that its runs buy; a deploy by default. */
  readonly operation?: "execute"
  /** The code of an execution, which answers the slug and a value that never repeats; by default a quick one. */
  readonly source?: (slug: string) => string
  /** The files of a deploy, whose site answers the slug; by default one that needs nothing of the host. */
  readonly files?: (slug: string) => Readonly<Record<string, string>>
  /** The name of a secret that each deploy has. Without it, every second deploy has a secret. */
  readonly secret?: string
  /** All its runs have one wallet, and so are of one payer. */
  readonly onePayer?: boolean
  /** Nothing may be charged. */
  readonly free?: boolean
  /** The fault needs the stack for itself, because it breaks the stack for all runs. */
  readonly alone?: boolean
  /** It kills the stack's gateway, whose last counts get lost. Such faults are alone, and come last. */
  readonly kills?: boolean
  readonly attack: (harness: Harness, runs: ReadonlyArray<Run>) => Promise<void>
}

/** Makes a fault whose runs are independent, `width` of them at a time. */
export const each =
  (attack: (harness: Harness, run: Run) => Promise<void>, width = 10): Fault["attack"] =>
  async (harness, runs) => {
    const waiting = [...runs]
    const worker = async () => {
      for (let run = waiting.shift(); run !== undefined; run = waiting.shift())
        await attack(harness, run).catch(note(run))
    }
    await Promise.all(Array.from({ length: width }, worker))
  }

/** A fault that has not struck after this time will not, in milliseconds. A busy machine answers many calls with 503 first. */
const STRIKE_MS = 180_000

/** Calls until the fault has struck, and returns the answer to that call. It repeats calls to a busy gateway. */
export const strike = async (
  run: Run,
  call: () => Promise<unknown> = () => run.agent.call(run.body, run.key)
): Promise<Answer | undefined> => {
  for (const end = Date.now() + STRIKE_MS; !run.injected && Date.now() < end; await sleep(300)) {
    await call().catch(() => undefined)
    if (run.agent.answers.at(-1)?.status === 200) break
  }
  return run.agent.answers.at(-1)
}

/** Records an error as a broken promise. */
export const note = (run: Run) => (cause: unknown) => {
  run.broken.push((cause instanceof Error ? cause.message : String(cause)).slice(0, 400))
}

/** Records a broken promise. */
export const expect = (run: Run, kept: boolean, promise: string): void => {
  if (!kept) run.broken.push(promise)
}

/** A promise and the function that settles it. */
export const gate = (): { readonly opened: Promise<void>; readonly open: () => void } => {
  let open = () => {}
  const opened = new Promise<void>((resolve) => (open = resolve))
  return { opened, open }
}
