import type { EncodedBundle, EncodedModule } from "../encoding.ts"
import type { SiteData, SiteSpec } from "../spec.ts"
import { CHECK_ENTRYPOINT, withCheck, withWrappers } from "./wrappers.ts"

/** A Worker in Miniflare's form. */
type Worker = Readonly<Record<string, unknown>> & { readonly name: string }

/** Our own Workers around a site, built, and the values of their bindings. */
export interface SiteSurroundings {
  readonly built: Readonly<Record<"serve" | "admin" | "outbound" | "tail", unknown>>
  readonly port: string
  readonly secret: string
  /** The URL where the versions of sites are read, and where their logs go. */
  readonly sitesUrl: string
}

/** One date for our own Workers, which the pinned runtime knows. */
export const OWN_DATE = "2026-07-01"

/**
 * The Workers of one site's process. The first serves requests, the second works on the data; the code is behind them. A plan
 * without a version has the data only.
 */
export const siteWorkers = (
  { project, databases, buckets }: SiteData,
  version: SiteSpec | undefined,
  { built, port, secret, sitesUrl }: SiteSurroundings,
  { host, isCheck = false }: { readonly host: string; readonly isCheck?: boolean }
): ReadonlyArray<Worker> => {
  const own = (name: keyof typeof built, options: object): Worker => ({
    name,
    modules: built[name],
    compatibilityDate: OWN_DATE,
    ...((name === "serve" || name === "admin") && { unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }] }),
    ...options
  })
  const name = `site-${project}`
  return [
    own("serve", version === undefined ? {} : { serviceBindings: { SITE: name } }),
    own("admin", {
      d1Databases: Object.fromEntries(databases.map((id) => [id, id])),
      r2Buckets: Object.fromEntries(buckets.map((bucket) => [bucket, bucket])),
      ...(isCheck && { serviceBindings: { CHECK: { name, entrypoint: CHECK_ENTRYPOINT } } })
    }),
    ...(version === undefined
      ? []
      : [
          own("outbound", { bindings: { PORT: port, SECRET: secret, HOST: host } }),
          own("tail", { bindings: { SITE_URL: `${sitesUrl}/${host.split(".")[0]}` } }),
          { ...codeWorker(version, isCheck), name, outboundService: "outbound", tails: ["tail"] }
        ])
  ]
}

const codeWorker = (version: SiteSpec, isCheck: boolean): object => {
  const { objects, assets } = version
  const classNames = [...new Set(Object.values(objects).map(({ className }) => className))]
  const wrapped = withWrappers(version, { classNames, hasAssets: assets !== null })
  return {
    modulesRoot: "/site",
    modules: modulesOf(isCheck ? withCheck(wrapped) : wrapped),
    compatibilityDate: version.compatibilityDate,
    compatibilityFlags: version.compatibilityFlags,
    bindings: version.env,
    kvNamespaces: version.kv,
    r2Buckets: version.r2,
    d1Databases: version.d1,
    durableObjects: Object.fromEntries(
      Object.entries(objects).map(([binding, { className, key }]) => [
        binding,
        { className, useSQLite: true, unsafeUniqueKey: key }
      ])
    ),
    ...(assets !== null && {
      assets: {
        directory: assets.directory,
        binding: assets.binding,
        ...(assets.run_worker_first !== undefined && { run_worker_first: assets.run_worker_first }),
        routerConfig: { has_user_worker: true },
        assetConfig: {
          ...(assets.html_handling !== undefined && { html_handling: assets.html_handling }),
          ...(assets.not_found_handling !== undefined && { not_found_handling: assets.not_found_handling })
        }
      }
    })
  }
}

/** The modules in Miniflare's form; the main module comes first. */
const modulesOf = ({ mainModule, modules }: EncodedBundle) =>
  Object.entries(modules)
    .toSorted(([one], [other]) => Number(other === mainModule) - Number(one === mainModule))
    .map(([name, module]) => ({ path: `/site/${name}`, ...moduleOf(module) }))

const moduleOf = (module: EncodedModule) => {
  if (typeof module === "string") return { type: "ESModule", contents: module }
  if ("js" in module) return { type: "ESModule", contents: module.js }
  if ("cjs" in module) return { type: "CommonJS", contents: module.cjs }
  if ("text" in module) return { type: "Text", contents: module.text }
  if ("wasm" in module) return { type: "CompiledWasm", contents: Buffer.from(module.wasm, "base64") }
  if ("data" in module) return { type: "Data", contents: Buffer.from(module.data, "base64") }
  return { type: "ESModule", contents: `export default ${JSON.stringify(module.json)}` }
}
