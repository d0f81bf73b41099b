import { integrityOf, pack } from "./archives.ts"

/** One version of a package: its package.json without name and version, and its files. */
export interface Small {
  readonly json?: Readonly<Record<string, unknown>>
  readonly files?: Readonly<Record<string, string | Uint8Array>>
  readonly deprecated?: string
  /** Milliseconds since 1970, as the public registry tells them. */
  readonly publishedAt?: number
}

const BASE = "https://registry.test/"

/** A registry in this process, by `name@version`. The last version of a name is its latest. */
export const smallRegistry = (packages: Readonly<Record<string, Small>>, base = BASE) => {
  const asked: Array<string> = []
  const archives = new Map<string, Uint8Array>()
  const releases = new Map<string, Map<string, object>>()
  for (const [label, { json = {}, files = {}, deprecated, publishedAt }] of Object.entries(packages)) {
    const at = label.lastIndexOf("@")
    const [name, version] = [label.slice(0, at), label.slice(at + 1)]
    const archive = pack(name, version, { "package.json": JSON.stringify({ name, version, ...json }), ...files })
    const path = `${name}/-/${version}.tgz`
    archives.set(path, archive)
    const dist = { tarball: base + path, integrity: integrityOf(archive), unpackedSize: 1000 }
    const versions = releases.get(name) ?? new Map<string, object>()
    const tmp = `tmp/${name}_${version}_${publishedAt}_0.5`
    const internal = publishedAt === undefined ? {} : { _npmOperationalInternal: { tmp } }
    releases.set(
      name,
      versions.set(version, {
        name,
        version,
        deprecated,
        dist,
        peerDependencies: json["peerDependencies"],
        ...internal
      })
    )
  }
  const answer = (path: string): Response => {
    const archive = archives.get(path)
    if (archive !== undefined) return new Response(archive as Uint8Array<ArrayBuffer>)
    const [, name = "", version] = /^((?:@[^/]+\/)?[^/]+)(?:\/(.+))?$/.exec(path) ?? []
    const versions = releases.get(name)
    if (versions === undefined) return new Response("{}", { status: 404 })
    const latest = [...versions.keys()].at(-1) ?? ""
    if (version === undefined)
      return Response.json({ name, "dist-tags": { latest }, versions: Object.fromEntries(versions) })
    const found = versions.get(version === "latest" ? latest : version)
    return found === undefined ? new Response("{}", { status: 404 }) : Response.json(found)
  }
  const fetcher = (async (url: unknown) => {
    const path = decodeURIComponent(String(url).slice(base.length))
    asked.push(path)
    return answer(path)
  }) as typeof fetch
  return { asked, options: { packages: { registry: base }, fetch: fetcher } }
}
