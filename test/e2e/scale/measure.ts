import { readdirSync, readFileSync, readlinkSync } from "node:fs"
import { join } from "node:path"
import type { Stack } from "../../../src/local/stack.ts"
import { walletOn } from "../support.ts"
import { makeClient, type Prepared } from "./client.ts"
import { MEASURES } from "./costs.ts"
import { type Counted, makeCounter, type ObjectRef, objectsOf } from "./Counter.ts"
import type { Table } from "./table.ts"

/** Each operation is measured over so many in a row, after some that are not. */
const TIMES = 12
const WARM = 6

/** Milliseconds of CPU that the gateway's workerd has used so far, on Linux. */
const cpuOf = ({ dir }: Stack): number => {
  const folder = join(dir, "gateway")
  const mine = readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid)) return false
    try {
      return (
        readlinkSync(`/proc/${pid}/cwd`) === folder && /\/workerd\0/.test(readFileSync(`/proc/${pid}/cmdline`, "utf8"))
      )
    } catch {
      return false // It has ended, or is another user's.
    }
  })
  return mine.reduce((sum, pid) => {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /, "")
      .split(" ")
    return sum + (Number(fields[11]) + Number(fields[12])) * 10
  }, 0)
}

/** Milliseconds for which objects were active: calls at the same time count once for an object. */
const objectMs = ({ invocations }: Counted): number => {
  let total = 0
  const until = new Map<string, number>()
  for (const { object, startedAt, endedAt } of invocations.toSorted((one, other) => one.startedAt - other.startedAt)) {
    if (object === undefined) continue
    const from = Math.max(startedAt, until.get(object) ?? 0)
    total += Math.max(0, endedAt - from)
    until.set(object, Math.max(endedAt, until.get(object) ?? 0))
  }
  return total
}

/** Measures CPU, time and sizes of operations, with the 402 before each of those that have one. */
export const measureOperations = async (stack: Stack): Promise<Table> => {
  const wallet = walletOn(stack)
  const counter = makeCounter(stack.info.gateway)
  const client = makeClient(stack)
  const rows = new Map<string, ReadonlyArray<string>>()

  const measure = async (
    name: string,
    work: (index: number) => Promise<unknown>,
    sized: "Order" | undefined = undefined
  ) => {
    await counter.count(async () => {
      for (let index = -WARM; index < 0; index++) await work(index)
    })
    let cpu = 0
    const counted = await counter.count(async () => {
      const before = cpuOf(stack)
      for (let index = 0; index < TIMES; index++) await work(index)
      cpu = cpuOf(stack) - before
    })
    const { sale = 0, ...others } = counted.kvBytes
    const orders = objectsOf(counted).filter(({ namespace }) => namespace === "ORDERS")
    const sizes = sized === undefined ? [] : await Promise.all(orders.map((order) => counter.sizeOf(order)))
    const each = (total: number) => String(Number((total / TIMES).toPrecision(2)))
    const values = {
      "CPU ms": each(cpu),
      "object ms": each(objectMs(counted)),
      "object bytes": sizes.length === 0 ? "" : String(Math.max(...sizes)),
      "KV bytes, a day": each(Object.values(others).reduce((sum, bytes) => sum + bytes, 0)),
      "KV bytes, 400 days": each(sale)
    }
    rows.set(
      name,
      MEASURES.map((column) => values[column])
    )
    return orders
  }
  const send = async (prepared: Promise<Prepared>) => (await prepared).send()

  const ids: Array<string> = []
  const idAt = (index: number) => ids[index + WARM] ?? ""
  await measure("402", client.quote)
  const orders = await measure(
    "deploy",
    async () => void ids.push(String((await send(client.deploy()(wallet)))["deployment_id"])),
    "Order"
  )
  const executions = await measure("execute", () => send(client.execute()(wallet)), "Order")
  await measure("update", (index) => send(client.update(idAt(index))(wallet)), "Order")
  await measure("renewal", (index) => send(client.renew(idAt(index))(wallet)))
  await measure("list", () => send(client.list()(wallet)))
  await measure("status", (index) => client.status(idAt(index)))
  await counter.turn(3 * 86_400_000)
  const ringing = (of: ReadonlyArray<ObjectRef>) => async (index: number) =>
    index < 0 ? undefined : counter.ring(of[index]!)
  await measure("expiry", ringing(orders), "Order")
  await measure("expiry of an execution", ringing(executions), "Order")
  return { columns: MEASURES, rows }
}
