import { readFileSync } from "node:fs"
import { createServer } from "node:net"
import type { AddressInfo } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"

/** The V8 flag without which nobody can collect an isolate's garbage from outside. */
export const COLLECTABLE = "--expose-gc"

/** Megabytes after the garbage of every isolate was collected. */
export interface Memory {
  /** Of the Worker's isolate and those that it has loaded, as a host counts it: V8's heap, the buffers and the memories of WebAssembly. */
  readonly isolate: number
  /** Resident memory of the process. It has other isolates as well, such as those that simulate the platform's cache. */
  readonly process: number
}

/** How long the process may take to give memory back after a collection, in milliseconds. */
const SETTLE_MS = 500

/** The address space that V8 reserves for one memory of WebAssembly. What it has not grown to is inaccessible. */
const RESERVED = 2 ** 32

const MB = 1_000_000

/** Collects all garbage, also what only a second collection frees, and gives the pages back that V8 keeps for later. */
const COLLECT = `gc({ type: "major", execution: "sync", flavor: "last-resort" })`

/** A port that nobody uses now. */
export const freePort = async (): Promise<number> => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** The bytes of each memory of WebAssembly in a process: it is the writable part of a reservation of 4 GiB, and begins it. */
export const wasmMemories = (pid: number): ReadonlyArray<number> => {
  const parts = readFileSync(`/proc/${pid}/maps`, "utf8")
    .split("\n")
    .flatMap((line) => {
      const [, start = "", end = "", access = ""] = /^([0-9a-f]+)-([0-9a-f]+) (\S{4}) \S+ \S+ 0\s*$/.exec(line) ?? []
      return access === "" ? [] : [{ access, start: Number.parseInt(start, 16), end: Number.parseInt(end, 16) }]
    })
  return parts.flatMap(({ access, start, end }, index) => {
    const rest = parts[index + 1]
    const isWasm = access === "rw-p" && rest?.access === "---p" && rest.start === end && rest.end - start === RESERVED
    return isWasm ? [end - start] : []
  })
}

const residentBytes = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? Number.NaN) * 1024

/** Talks to one isolate by the protocol of V8's inspector. */
const connectTo = async (url: string) => {
  const socket = new WebSocket(url)
  const context = Promise.withResolvers<number>()
  const answers = new Map<number, (result: unknown) => void>()
  socket.addEventListener("message", ({ data }) => {
    const said = JSON.parse(String(data)) as {
      readonly id?: number
      readonly method?: string
      readonly params?: { readonly context?: { readonly id: number } }
      readonly result?: unknown
    }
    if (said.id !== undefined) answers.get(said.id)?.(said.result)
    if (said.method === "Runtime.executionContextCreated") context.resolve(said.params?.context?.id ?? 0)
  })
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve)
    socket.addEventListener("error", reject)
  })
  const call = (method: string, params: object = {}) =>
    new Promise<unknown>((resolve) => {
      const id = answers.size + 1
      answers.set(id, resolve)
      socket.send(JSON.stringify({ id, method, params }))
    })
  await call("Runtime.enable")
  const contextId = await context.promise
  return {
    collect: async () => {
      const answer = await call("Runtime.evaluate", { expression: COLLECT, contextId })
      if (answer === undefined || Object.hasOwn(Object(answer), "exceptionDetails"))
        throw new Error(`workerd was not started with ${COLLECTABLE}`)
    },
    /** Bytes of V8's heap and of buffers; memories of WebAssembly are not among them. */
    used: async (): Promise<number> => {
      const { usedSize, backingStorageSize } = (await call("Runtime.getHeapUsage")) as {
        readonly usedSize: number
        readonly backingStorageSize: number
      }
      return usedSize + backingStorageSize
    },
    close: () => socket.close()
  }
}

/**
 * Collects the garbage of every isolate of a workerd, and measures what is left. Much of what is resident is garbage until V8
 * needs room: above all in the isolates that simulate the platform's cache, whose small objects hold much memory outside V8.
 *
 * @param inspector the port of workerd's inspector.
 */
export const measureMemory = async (pid: number, inspector: number): Promise<Memory> => {
  const address = `127.0.0.1:${inspector}`
  const listed = (await (await fetch(`http://${address}/json`)).json()) as ReadonlyArray<{ readonly id: string }>
  const isolates = await Promise.all(
    listed.map(async ({ id }) => ({ id, ...(await connectTo(`ws://${address}/${id}`)) }))
  )
  try {
    // The first collection frees objects that hold others.
    for (let round = 0; round < 2; round++) {
      for (const { collect } of isolates) await collect()
      await sleep(SETTLE_MS)
    }
    const own = isolates.filter(({ id }) => /^(core:user|LOADER):/.test(id))
    if (own.length === 0) throw new Error("workerd runs no Worker of ours")
    const used = await Promise.all(own.map((isolate) => isolate.used()))
    return {
      isolate: [...used, ...wasmMemories(pid)].reduce((sum, bytes) => sum + bytes, 0) / MB,
      process: residentBytes(pid) / MB
    }
  } finally {
    for (const { close } of isolates) close()
  }
}
