import { existsSync, readFileSync, rmSync } from "node:fs"
import { dirname, join } from "node:path"
import { anvilCommand, stateFile } from "./anvil.ts"
import { makeIpc, type RpcAnswer, type RpcCall } from "./ipc.ts"
import { choosePorts } from "../system/ports.ts"
import { spawnGroup } from "../system/process.ts"
import { waitUntilReady } from "../ready.ts"
import { type RpcShim, startRpcShim } from "./rpc-shim.ts"

/** A real Tempo chain on this machine: anvil, and the shim in front of it that clients call. */
export interface Chain {
  /** JSON-RPC over HTTP. */
  readonly url: string
  /** Resolves with the reason when the chain ends by itself. */
  readonly failed: Promise<string>
  /** Stops the JSON-RPC server and starts it again on the same port, while the chain continues. */
  readonly rpc: { readonly stop: () => Promise<void>; readonly start: () => Promise<void> }
  /** Calls any method of the node, including those that clients may not call. For tests, for example to move its clock. */
  readonly call: (request: RpcCall) => Promise<RpcAnswer>
  readonly stop: () => Promise<void>
}

/** anvil may write its state for this long when it stops. */
const STOP_MS = 5000

/**
 * Starts the chain, and returns once it has its first block, because payments that are signed before it are "not valid yet".
 */
export const startChain = async (options: {
  readonly dir: string
  readonly port: number
  /** 1337, or the id of the network to imitate. */
  readonly chainId: number
  /** Seconds between blocks; fractions are fine. */
  readonly blockTime: number
  readonly signal: AbortSignal
}): Promise<Chain> => {
  dropBrokenState(stateFile(options.dir))
  const { anvilPort } = await choosePorts({ anvilPort: 0 })
  const { socket, command, args } = anvilCommand({ ...options, port: anvilPort })
  const upstream = makeIpc(socket)
  const anvil = await spawnGroup({
    name: "chain",
    command,
    args,
    cwd: options.dir,
    // anvil writes old states to its home.
    env: {
      PATH: process.env["PATH"],
      HOME: join(options.dir, "home"),
      TMPDIR: join(options.dir, "tmp"),
      NO_COLOR: "1"
    },
    log: join(options.dir, "logs", "chain.log")
  })
  let shim: RpcShim | undefined
  const rpc = {
    stop: async () => {
      await shim?.stop()
      shim = undefined
    },
    start: async () => {
      shim ??= await startRpcShim({ port: options.port, upstream, chainId: options.chainId })
    }
  }
  const stop = async () => {
    await Promise.all([rpc.stop(), anvil.stop(STOP_MS)])
    upstream.close()
    if (dirname(socket) !== options.dir) rmSync(dirname(socket), { recursive: true, force: true })
  }
  try {
    const mined = async () => Number((await upstream.call({ method: "eth_blockNumber" })).result) >= 1
    await waitUntilReady(anvil, mined, options.signal, 30_000)
    await rpc.start()
  } catch (cause) {
    await stop()
    throw cause
  }
  return { url: `http://127.0.0.1:${options.port}`, failed: anvil.crashed, rpc, call: upstream.call, stop }
}

/** Deletes a state that was not written to its end, because anvil does not start with one. */
const dropBrokenState = (file: string): void => {
  if (!existsSync(file)) return
  try {
    JSON.parse(readFileSync(file, "utf8"))
  } catch {
    rmSync(file)
  }
}

/** Makes one JSON-RPC call without parameters. Throws if the server does not answer within 2 s. */
export const callRpc = async (url: string, method: string): Promise<unknown> => {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: [] }),
    signal: AbortSignal.timeout(2000)
  })
  return ((await response.json()) as { result?: unknown }).result
}
