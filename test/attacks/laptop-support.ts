import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs"
import { request as httpRequest } from "node:http"
import { connect } from "node:net"
import { join, sep } from "node:path"

/** The parts of a request, except its address. */
export interface Sent {
  readonly method?: string
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** An answer's status and text; status 0 if the connection was closed instead. */
export interface Answered {
  readonly status: number
  readonly text: string
}

/** Sends a request whose every header is as given, `Host` included. */
export const sendTo = (base: string, { method = "GET", path = "/", headers = {}, body }: Sent): Promise<Answered> =>
  new Promise((resolve) => {
    const { hostname, port } = new URL(base)
    const cut = (): void => resolve({ status: 0, text: "" })
    const outgoing = httpRequest({ hostname, port, path, method, headers, agent: false })
    outgoing.on("error", cut).on("upgrade", (_, socket) => {
      socket.destroy()
      resolve({ status: 101, text: "" })
    })
    outgoing.on("response", (incoming) => {
      const chunks: Array<Buffer> = []
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk)).on("error", cut)
      incoming.on("end", () => resolve({ status: incoming.statusCode ?? 0, text: Buffer.concat(chunks).toString() }))
    })
    outgoing.end(body)
  })

/** Returns a server's answer to an HTTP/1.0 request without a host. */
export const sendNoHost = (base: string): Promise<string> =>
  new Promise((resolve) => {
    const { hostname, port } = new URL(base)
    let text = ""
    const socket = connect(Number(port), hostname, () => socket.write("GET /health HTTP/1.0\r\n\r\n"))
    socket.on("data", (chunk) => (text += String(chunk))).on("error", () => {})
    socket.on("close", () => resolve(text))
  })

/** Names that a page's own address may have, for a server at a port. None of them is this machine's name. */
export const foreignHosts = (port: string): ReadonlyArray<string> => [
  `evil.example:${port}`,
  "evil.example",
  `localhost.evil.example:${port}`,
  `127.0.0.1.evil.example:${port}`,
  `127.0.0.1.nip.io:${port}`,
  `evil-localhost:${port}`,
  `localhost@evil.example:${port}`,
  `localhost.:${port}`,
  `127.0.0.1:${Number(port) === 1 ? 2 : 1}`,
  `0.0.0.0:${port}`,
  `192.168.1.20:${port}`,
  `[::ffff:192.168.1.20]:${port}`,
  `local-site.localhost.evil.example:${port}`,
  `gateway.local:${port}`,
  "null"
]

/** Returns the addresses on which the launcher and the processes below a folder listen, from the kernel: `127.0.0.1:80`. */
export const listeners = (folder: string): ReadonlyArray<string> => {
  const inodes = new Set<string>()
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      if (!`${readlinkSync(`/proc/${pid}/cwd`)}${sep}`.startsWith(`${folder}${sep}`)) continue
      for (const fd of readdirSync(`/proc/${pid}/fd`)) {
        const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1]
        if (inode !== undefined) inodes.add(inode)
      }
    } catch {
      // The process has ended meanwhile, or belongs to another user.
    }
  }
  return ["tcp", "tcp6"].flatMap((table) =>
    !existsSync(`/proc/net/${table}`)
      ? []
      : readFileSync(`/proc/net/${table}`, "utf8")
          .split("\n")
          .slice(1)
          .map((line) => line.trim().split(/\s+/))
          .filter(([, , , state, , , , , , inode]) => state === "0A" && inodes.has(inode ?? ""))
          .map(([, local = ""]) => readAddress(local))
  )
}

/** Decodes `0100007F:1F90` to `127.0.0.1:8080`. IPv6 addresses stay unchanged. */
const readAddress = (local: string): string => {
  const [address = "", port = ""] = local.split(":")
  const bytes = address.length === 8 ? [...Buffer.from(address, "hex")].toReversed().join(".") : address
  return `${bytes}:${Number.parseInt(port, 16)}`
}

/** Returns all files below a folder, without sockets. */
export const filesBelow = (folder: string): ReadonlyArray<string> =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
