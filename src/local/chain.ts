import { existsSync } from "node:fs"
import { createRequire } from "node:module"
import { delimiter, dirname, join } from "node:path"
import { choosePorts } from "./ports.ts"
import { flags, spawnGroup } from "./process.ts"
import { answers } from "./ready.ts"
import { type RpcShim, startRpcShim } from "./rpc-shim.ts"

/** A real Tempo chain on this machine: anvil, and the shim in front of it that clients talk to. */
export interface Chain {
  /** JSON-RPC over HTTP. */
  readonly url: string
  /** Why the chain is gone, once it is by itself. */
  readonly failed: Promise<string>
  /** Takes the JSON-RPC server away and brings it back, on the same port, while blocks go on. */
  readonly rpc: { readonly stop: () => Promise<void>; readonly start: () => Promise<void> }
  readonly stop: () => Promise<void>
}

/** Starts the chain, and returns once it has a first block: payments signed before that are "not valid yet". */
export const startChain = async (options: {
  readonly dir: string
  readonly port: number
  /** 1337, unless it is to pass for another network. */
  readonly chainId: number
  /** Seconds between blocks; fractions are fine. */
  readonly blockTime: number
  readonly signal: AbortSignal
}): Promise<Chain> => {
  const { anvilPort } = await choosePorts({ anvilPort: 0 })
  const upstream = `http://127.0.0.1:${anvilPort}`
  const anvil = await spawnGroup({
    name: "chain",
    command: findAnvil(),
    args: flags({
      network: "tempo",
      // Earlier hardforks stall after the first payment, and 1.7.1 knows no later one.
      hardfork: "T4",
      "chain-id": options.chainId,
      // By the clock: automine leaves the genesis timestamp at 1, before every transaction's `validAfter`.
      "block-time": options.blockTime,
      host: "127.0.0.1",
      port: anvilPort
    }),
    cwd: options.dir,
    // anvil spills old states to its home.
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
    await Promise.all([rpc.stop(), anvil.stop()])
  }
  try {
    await answers(anvil, async () => Number(await call(upstream, "eth_blockNumber")) >= 1, options.signal, 30_000)
    await rpc.start()
  } catch (cause) {
    await stop()
    throw cause
  }
  return { url: `http://127.0.0.1:${options.port}`, failed: anvil.crashed, rpc, stop }
}

/** One JSON-RPC call without parameters; throws when the server does not answer within 2 s. */
export const call = async (url: string, method: string): Promise<unknown> => {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: [] }),
    signal: AbortSignal.timeout(2000)
  })
  return ((await response.json()) as { result?: unknown }).result
}

/**
 * The anvil binary: in the package for this platform, where npm put it; where the postinstall script of
 * `@foundry-rs/anvil` leaves it (which runs only if install scripts may); or one that is on the PATH.
 */
const findAnvil = (): string => {
  const file = process.platform === "win32" ? "anvil.exe" : "anvil"
  const require = createRequire(import.meta.url)
  const candidates: Array<string> = []
  try {
    const launcher = require.resolve("@foundry-rs/anvil/bin.mjs")
    candidates.push(join(dirname(launcher), "..", "dist", file))
    const platform = `${process.platform}-${process.arch === "x64" ? "amd64" : process.arch}`
    candidates.unshift(createRequire(launcher).resolve(`@foundry-rs/anvil-${platform}/bin/${file}`))
  } catch {
    // Not installed for this platform.
  }
  for (const folder of (process.env["PATH"] ?? "").split(delimiter)) candidates.push(join(folder, file))
  // `node_modules/.bin/anvil` is the package's launcher, which needs what was not found above.
  const found = candidates.find((path) => existsSync(path) && !path.includes(join("node_modules", ".bin")))
  if (found === undefined)
    throw new Error(
      `There is no anvil for ${process.platform}-${process.arch} here. Run "npm install" again, or install Foundry ` +
        "(1.7.1 or later) so that anvil is on the PATH, or set TEMPO_RPC_URL to a chain of yours."
    )
  return found
}
