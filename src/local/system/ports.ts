import { createServer } from "node:net"
import type { AddressInfo, Server } from "node:net"

/** The port is not available. The message names it and the variable that changes it. */
export class PortTaken extends Error {
  override readonly name = "PortTaken"
}

/**
 * Chooses ports of 127.0.0.1 by the variables that name them; 0 stands for any free port.
 *
 * @throws PortTaken when a port is in use, or two variables name the same port.
 */
export const choosePorts = async <Name extends string>(
  wanted: Readonly<Record<Name, number>>
): Promise<Record<Name, number>> => {
  const held: Array<Server> = []
  const ports: Array<[string, number]> = []
  try {
    for (const [variable, port] of Object.entries<number>(wanted)) {
      const duplicate = ports.find(([, other]) => other === port)
      if (duplicate !== undefined)
        throw new PortTaken(`${duplicate[0]} and ${variable} are both ${port}. Set one to another port.`)
      const server = await hold(port, variable)
      held.push(server)
      ports.push([variable, (server.address() as AddressInfo).port])
    }
    return Object.fromEntries(ports) as Record<Name, number>
  } finally {
    await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))))
  }
}

const hold = async (port: number, variable: string): Promise<Server> => {
  const server = createServer()
  try {
    await new Promise<void>((resolve, reject) =>
      server.once("error", reject).listen({ host: "127.0.0.1", port, exclusive: true }, resolve)
    )
    return server
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    const why = code === "EADDRINUSE" ? "is taken by another process" : `cannot be listened on (${code})`
    const other = port < 64_000 ? port + 1000 : port - 1000
    throw new PortTaken(`Port ${port} ${why}. Set ${variable} to another one, for example ${variable}=${other}.`, {
      cause
    })
  }
}
