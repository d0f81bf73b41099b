import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { stack } from "./support.ts"

/** Counts everything that an attack could leave behind. Each count is read from the part that keeps it. */
export interface Footprint {
  /** Transactions in all blocks of the chain, and in its pool. */
  readonly transactions: number
  /** Projects at the control plane. */
  readonly projects: number
  /** SQLite files of the gateway's Durable Objects: one for each object that has ever stored or read anything. */
  readonly objects: number
  /**
   * Durable Objects that have written something. miniflare makes a file for each object that is asked, and writes its name
   * there.
   */
  readonly written: number
  /** Entries that the gateway has ever written to KV. */
  readonly entries: number
  /** Builds that have begun: lines `"message":"build"` of the gateway's log. */
  readonly builds: number
  /** Bundles and programs that were started: lines `"message":"start"`. */
  readonly starts: number
  /** Transitions of orders: lines `"message":"order"`. */
  readonly steps: number
}

/**
 * Reads the footprint. It counts everything that the gateway logged before the call: it sends a last request of its own and
 * waits for its line. It counts work that continues after its answer as far as that has come.
 */
export const footprint = async (): Promise<Footprint> => {
  const [transactions, projects, log] = await Promise.all([countTransactions(), countProjects(), readLog()])
  const state = join(stack.dir, "gateway", "state")
  return {
    transactions,
    projects,
    objects: countFiles(state, /[\\/]do[\\/].*[0-9a-f]{64}\.sqlite$/),
    written: countWritten(state),
    entries: countFiles(state, /[\\/]kv[\\/].*[\\/]blobs[\\/]/),
    builds: countMessages(log, "build"),
    starts: countMessages(log, "start"),
    steps: countMessages(log, "order")
  }
}

const countMessages = (log: string, message: string): number => log.split(`"message":"${message}"`).length - 1

const readLog = async (): Promise<string> => {
  const marker = `/footprint-${crypto.randomUUID()}`
  await (await fetch(stack.info.gateway + marker)).arrayBuffer()
  const file = join(stack.dir, "logs", "gateway.log")
  for (let waited = 0; waited < 100; waited++) {
    const log = readFileSync(file, "utf8")
    if (log.includes(marker)) return log
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`the gateway's log does not mention ${marker}`)
}

const countFiles = (folder: string, pattern: RegExp): number =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, withFileTypes: true }).filter(
        (entry) => entry.isFile() && pattern.test(join(entry.parentPath, entry.name))
      ).length
    : 0

/** Whether a database, or its log, has a table that is not workerd's or miniflare's own. */
const holdsTable = (file: string): boolean =>
  /CREATE TABLE (?!_cf_METADATA|__miniflare_do_name)\w/.test(readFileSync(file, "latin1"))

/**
 * Reads an object's writes from its database or from the database's log. The log disappears when the object ends, because its
 * lines are in the database then. If a log disappears between listing and reading, this reads once more.
 */
const countWritten = (folder: string): number => {
  for (let tries = 0; ; tries++) {
    try {
      return existsSync(folder) ? writtenIn(folder) : 0
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "ENOENT" || tries === 20) throw cause
    }
  }
}

const writtenIn = (folder: string): number => {
  const written = readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) => {
    const path = join(entry.parentPath, entry.name)
    const id = /[\\/]do[\\/].*[\\/]([0-9a-f]{64})\.sqlite(-wal)?$/.exec(path)?.[1]
    return id !== undefined && holdsTable(path) ? [join(entry.parentPath, id)] : []
  })
  return new Set(written).size
}

const countProjects = async (): Promise<number> => {
  const { controlPlane, controlPlaneToken } = stack.info
  const response = await fetch(`${controlPlane}/v1/projects`, {
    headers: { authorization: `Bearer ${controlPlaneToken}` }
  })
  return ((await response.json()) as { projects: ReadonlyArray<unknown> }).projects.length
}

let scanned = { blocks: 0, transactions: 0 }

/** Counts transactions: blocks hold mined ones, the pool holds the others. It reads each block once. */
const countTransactions = async (): Promise<number> => {
  const [tip, pool] = (await rpc([
    ["eth_blockNumber", []],
    ["txpool_status", []]
  ])) as [string, { pending: string; queued: string }]
  const blocks = Number(tip) + 1
  while (scanned.blocks < blocks) {
    const numbers = Array.from({ length: Math.min(500, blocks - scanned.blocks) }, (_, index) => scanned.blocks + index)
    const counts = await rpc(
      numbers.map((number) => ["eth_getBlockTransactionCountByNumber", [`0x${number.toString(16)}`]])
    )
    scanned = {
      blocks: scanned.blocks + numbers.length,
      transactions: scanned.transactions + counts.reduce<number>((sum, count) => sum + Number(count), 0)
    }
  }
  return scanned.transactions + Number(pool.pending) + Number(pool.queued)
}

const rpc = async (
  calls: ReadonlyArray<readonly [method: string, params: ReadonlyArray<unknown>]>
): Promise<ReadonlyArray<unknown>> => {
  const response = await fetch(stack.info.rpc, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(calls.map(([method, params], id) => ({ jsonrpc: "2.0", id, method, params })))
  })
  const answers = (await response.json()) as ReadonlyArray<{ id: number; result?: unknown; error?: unknown }>
  return answers
    .toSorted((one, other) => one.id - other.id)
    .map(({ result, error }) => {
      if (result === undefined) throw new Error(`the chain answers ${JSON.stringify(error)}`)
      return result
    })
}
