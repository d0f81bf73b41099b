import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { integrityOf, pack, shasumOf } from "./archives.ts"

/** How the registry answers one request. */
export type Reply =
  | { readonly json: unknown; readonly status?: number }
  | {
      readonly body: string | Uint8Array
      readonly status?: number
      readonly headers?: Readonly<Record<string, string>>
    }
  /** The connection breaks after these bytes, of which `length` were promised. */
  | { readonly cut: Uint8Array; readonly length: number }
  /** The answer never comes, or stops after some bytes and stays open. */
  | { readonly hang: true }
  | { readonly stall: Uint8Array }
  /** Bytes that are made while they are sent. */
  | { readonly stream: () => Iterable<Uint8Array>; readonly headers?: Readonly<Record<string, string>> }

/** A package: its versions' archives, and everything that the registry lies about. */
export interface Lies {
  readonly archives?: Readonly<Record<string, Uint8Array>>
  readonly tags?: Readonly<Record<string, string>>
  readonly deprecated?: Readonly<Record<string, string>>
  /** Replaces the registry's `dist` of each version. */
  readonly dist?: (dist: object, base: string) => object
  readonly manifest?: (honest: object | undefined) => Reply
  readonly packument?: (honest: object) => Reply
  readonly archive?: (honest: Uint8Array | undefined) => Reply
}

const send = (response: ServerResponse, reply: Reply): void => {
  if ("hang" in reply) return
  if ("json" in reply) {
    response.writeHead(reply.status ?? 200, { "content-type": "application/json" }).end(JSON.stringify(reply.json))
  } else if ("body" in reply) {
    response.writeHead(reply.status ?? 200, reply.headers ?? {}).end(reply.body)
  } else if ("cut" in reply) {
    response.writeHead(200, { "content-length": reply.length })
    response.write(reply.cut, () => response.destroy())
  } else if ("stall" in reply) {
    response.writeHead(200)
    response.write(reply.stall)
  } else {
    response.writeHead(200, reply.headers ?? {})
    const parts = reply.stream()[Symbol.iterator]()
    const more = (): void => {
      for (;;) {
        const { done, value } = parts.next()
        if (done === true) return void response.end()
        if (!response.write(value)) return void response.once("drain", more)
      }
    }
    more()
  }
}

/** A registry on loopback that lies in every way that is wanted. It ends at `stop`. */
export const startRegistry = async (packages: Readonly<Record<string, Lies>>) => {
  /** Method and path of every request; open ones are in `open`. */
  const asked: Array<string> = []
  const open = new Set<ServerResponse>()
  let base = ""

  const answer = (path: string): Reply => {
    const [, name = "", rest = ""] = /^\/((?:@[^/%]+(?:\/|%2f))?[^/]+)(?:\/(.*))?$/i.exec(path) ?? []
    const lies = Object.hasOwn(packages, decodeURIComponent(name)) ? packages[decodeURIComponent(name)] : undefined
    if (lies === undefined) return { json: { error: "Not found" }, status: 404 }
    const archives: Readonly<Record<string, Uint8Array>> = lies.archives ?? {
      "1.0.0": pack(decodeURIComponent(name), "1.0.0")
    }
    const describe = (version: string): object | undefined => {
      const archive = Object.hasOwn(archives, version) ? archives[version] : undefined
      if (archive === undefined) return undefined
      const address = `${base}${decodeURIComponent(name)}/-/${version}.tgz`
      const dist = { tarball: address, integrity: integrityOf(archive), shasum: shasumOf(archive) }
      const deprecated = lies.deprecated?.[version]
      return {
        name: decodeURIComponent(name),
        version,
        dist: lies.dist?.(dist, base) ?? dist,
        ...(deprecated && { deprecated })
      }
    }
    const versions = Object.keys(archives)
    const tags = lies.tags ?? { latest: versions.at(-1) }
    const ofArchive = /^-\/(.+)\.tgz$/.exec(rest)?.[1]
    if (ofArchive !== undefined) {
      const honest = archives[ofArchive]
      if (lies.archive !== undefined) return lies.archive(honest)
      return honest === undefined ? { body: "", status: 404 } : { body: honest }
    }
    if (rest === "") {
      const honest = {
        name: decodeURIComponent(name),
        "dist-tags": tags,
        versions: Object.fromEntries(versions.map((version) => [version, describe(version)]))
      }
      return lies.packument?.(honest) ?? { json: honest }
    }
    const wanted = decodeURIComponent(rest)
    const honest = describe(Object.hasOwn(tags, wanted) ? String(tags[wanted as "latest"]) : wanted)
    if (lies.manifest !== undefined) return lies.manifest(honest)
    return honest === undefined ? { json: `version not found: ${wanted}`, status: 404 } : { json: honest }
  }

  const server = createServer((request: IncomingMessage, response) => {
    asked.push(request.url ?? "")
    open.add(response)
    response.on("close", () => open.delete(response))
    send(response, answer(request.url ?? ""))
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  return {
    base,
    asked,
    /** Answers that are under way. */
    get open(): number {
      return open.size
    },
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
  }
}
