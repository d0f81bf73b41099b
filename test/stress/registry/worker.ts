import { failureOf, install } from "../../support/npm/use-registry.ts"

/** Installs one package: `?registry=`, `?name=`, `?range=`, `?ms=` for its deadline, `?cache=` for the platform's cache. */
export default {
  fetch: async (request) => {
    const { searchParams } = new URL(request.url)
    const get = (key: string): string => searchParams.get(key) ?? ""
    const use = { timeMs: Number(get("ms")), ...(get("cache") === "" ? {} : { cache: caches.default }) }
    let found = {}
    const failure = await failureOf(
      install(get("registry"), get("name"), get("range"), use).then(({ release, files, requests }) => {
        found = { version: release.version, files: files.size, requests }
      })
    )
    return Response.json({ failure, ...found })
  }
} satisfies ExportedHandler
