import childProcess from "node:child_process"
import { rmSync } from "node:fs"
import net from "node:net"

/**
 * Restricts the runtime to one TCP port, the named one. Miniflare opens two more at random. One is its own entry to the
 * Workers, where headers choose the Worker and its URL (`MF-Route-Override`, `MF-Original-URL`); a page could send them by DNS
 * rebinding. The other is the runtime's way back into this process. Both become Unix sockets in the working directory.
 *
 * Callers must call this before Miniflare starts anything. It fits the pinned version of Miniflare; a test counts the ports.
 */
export const keepOnePort = (): void => {
  const { listen } = net.Server.prototype
  net.Server.prototype.listen = function (this: net.Server, ...args: ReadonlyArray<unknown>): net.Server {
    if (args[0] !== 0 || args[1] !== "127.0.0.1") return Reflect.apply(listen, this, args) as net.Server
    this.address = () => ({ address: "127.0.0.1", family: "IPv4", port: 1 })
    rmSync("back.sock", { force: true })
    return Reflect.apply(listen, this, ["back.sock", ...args.slice(2)]) as net.Server
  } as typeof listen

  const { spawn } = childProcess
  const moved = (arg: string): string =>
    arg
      .replace(/^--socket-addr=entry=.*/, "--socket-addr=entry=unix:entry.sock")
      .replace(/^--external-addr=loopback=.*/, "--external-addr=loopback=unix:back.sock")
  childProcess.spawn = ((command: string, args: ReadonlyArray<string>, ...rest: ReadonlyArray<unknown>) => {
    // A killed runtime leaves its socket behind.
    if (args.includes("--control-fd=3")) rmSync("entry.sock", { force: true })
    return Reflect.apply(spawn, childProcess, [command, args.map(moved), ...rest])
  }) as typeof spawn
}
