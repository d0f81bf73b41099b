import { spawnSync } from "node:child_process"
import { existsSync, mkdtempSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { delimiter, dirname, join } from "node:path"
import { flags } from "../system/process.ts"

/** The command that starts anvil without a reachable TCP port, and the path of its socket. */
export interface AnvilCommand {
  readonly command: string
  readonly args: ReadonlyArray<string>
  /** The path of the Unix socket, short enough for every system. */
  readonly socket: string
}

/**
 * Makes the command for an anvil that clients reach only by its Unix socket. anvil always listens on TCP too, and answers there
 * to every Host, and over WebSocket to every Origin. A page in a browser could reset the chain, or make it fetch any URL. No
 * flag turns that off, so the port is put out of reach:
 *
 * - on Linux into a network of its own, which also keeps anvil from calling out;
 * - on Linux without user namespaces, to a multicast address, to which TCP does not connect;
 * - on other systems, to a random port of 127.0.0.1 without CORS, which is the best available.
 *
 * @param port a port of 127.0.0.1 that is free.
 */
export const anvilCommand = (options: {
  readonly dir: string
  readonly port: number
  readonly chainId: number
  readonly blockTime: number
}): AnvilCommand => {
  const linux = process.platform === "linux"
  const apart = linux && spawnSync("unshare", [...ownNetwork, "true"], { stdio: "ignore" }).status === 0
  const socket = socketPath(options.dir)
  const anvil = findAnvil()
  const args = [
    ...flags({
      network: "tempo",
      // Earlier hardforks stall after the first payment, and 1.7.1 knows no later one.
      hardfork: "T4",
      "chain-id": options.chainId,
      // The clock makes blocks, because automine leaves the genesis timestamp at 1, before every transaction's `validAfter`.
      "block-time": options.blockTime,
      host: linux && !apart ? "239.255.84.80" : "127.0.0.1",
      port: options.port,
      ipc: socket,
      // Read at the start if it is there, and written at the end.
      state: stateFile(options.dir)
    }),
    "--no-cors"
  ]
  return apart
    ? { command: "unshare", args: [...ownNetwork, anvil, ...args], socket }
    : { command: anvil, args, socket }
}

/** The file of the chain's state between two starts on the same directory. */
export const stateFile = (dir: string): string => join(dir, "chain.json")

const ownNetwork = ["--map-root-user", "--net"]

/**
 * Returns the path of the socket. A socket path may have some 100 bytes: it is in `dir` if that fits, and in a temporary
 * directory otherwise.
 */
const socketPath = (dir: string): string => {
  const path = join(dir, "chain.ipc")
  return Buffer.byteLength(path) > 100 ? join(mkdtempSync(join(tmpdir(), "mpp-chain-")), "ipc") : path
}

/**
 * Finds the anvil binary: in npm's package for this platform, in the folder where the postinstall script of
 * `@foundry-rs/anvil` puts it (if install scripts may run), or on the PATH.
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
    // npm did not install it for this platform.
  }
  for (const folder of (process.env["PATH"] ?? "").split(delimiter)) candidates.push(join(folder, file))
  // `node_modules/.bin/anvil` is the package's launcher, which needs the binary that was not found above.
  const found = candidates.find((path) => existsSync(path) && !path.includes(join("node_modules", ".bin")))
  if (found === undefined)
    throw new Error(
      `There is no anvil for ${process.platform}-${process.arch} here. Run "npm install" again, or install Foundry ` +
        "(1.7.1 or later) so that anvil is on the PATH, or set TEMPO_RPC_URL to a chain of yours."
    )
  return found
}
