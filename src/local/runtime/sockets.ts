import { AsyncLocalStorage } from "node:async_hooks"
import childProcess, { type ChildProcess } from "node:child_process"
import { rmSync } from "node:fs"
import net from "node:net"

/** One of several runtimes in this process. Its sockets are named after it. */
export interface SocketScope {
  readonly name: string
  /** Whether requests reach the first two Workers by the sockets `site-{name}.sock` and `admin-{name}.sock`, and not by a port. */
  readonly isPortless: boolean
  /** The runtime's process, once it has been started. */
  process?: ChildProcess
}

/** The runtime that is being started. Without one, the process has a single runtime, with a port. */
export const socketScope = new AsyncLocalStorage<SocketScope>()

/** The sockets of a runtime, in the working directory: a path there is short enough for the system. */
export const socketsOf = (name: string) => ({ site: `site-${name}.sock`, admin: `admin-${name}.sock` })

/**
 * Restricts a runtime to one TCP port, the named one, or to none. Miniflare opens two more at random. One is its own entry to
 * the Workers, where headers choose the Worker and its URL (`MF-Route-Override`, `MF-Original-URL`); a page could send them by
 * DNS rebinding. The other is the runtime's way back into this process. Both become Unix sockets in the working directory.
 *
 * Callers must call this before Miniflare starts anything. It fits the pinned version of Miniflare; a test counts the ports.
 */
export const keepOnePort = (): void => {
  const { listen } = net.Server.prototype
  net.Server.prototype.listen = function (this: net.Server, ...args: ReadonlyArray<unknown>): net.Server {
    if (args[0] !== 0 || args[1] !== "127.0.0.1") return Reflect.apply(listen, this, args) as net.Server
    this.address = () => ({ address: "127.0.0.1", family: "IPv4", port: 1 })
    const path = fileOf("back", socketScope.getStore())
    rmSync(path, { force: true })
    return Reflect.apply(listen, this, [path, ...args.slice(2)]) as net.Server
  } as typeof listen

  const { spawn } = childProcess
  childProcess.spawn = ((command: string, args: ReadonlyArray<string>, ...rest: ReadonlyArray<unknown>) => {
    if (!args.includes("--control-fd=3")) return Reflect.apply(spawn, childProcess, [command, args, ...rest])
    const scope = socketScope.getStore()
    const child = Reflect.apply(spawn, childProcess, [command, moved(args, scope), ...rest]) as ChildProcess
    if (scope !== undefined) scope.process = child
    return child
  }) as typeof spawn
}

const fileOf = (kind: string, scope: SocketScope | undefined): string =>
  scope === undefined ? `${kind}.sock` : `${kind}-${scope.name}.sock`

/** The arguments of the runtime with sockets in place of ports. */
const moved = (args: ReadonlyArray<string>, scope: SocketScope | undefined): ReadonlyArray<string> => {
  const entry = fileOf("entry", scope)
  const own = scope?.isPortless === true ? Object.values(socketsOf(scope.name)) : []
  // A killed runtime leaves its sockets behind.
  for (const path of [entry, ...own]) rmSync(path, { force: true })
  return [
    ...args
      .filter((arg) => arg !== "-")
      .map((arg) =>
        arg
          .replace(/^--socket-addr=entry=.*/, `--socket-addr=entry=unix:${entry}`)
          .replace(/^--external-addr=loopback=.*/, `--external-addr=loopback=unix:${fileOf("back", scope)}`)
      ),
    ...own.map((path, index) => `--socket-addr=direct:${index}:default=unix:${path}`),
    "-"
  ]
}
