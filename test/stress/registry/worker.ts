import { failureOf, install, openRegistry } from "../../support/npm/use-registry.ts"

/** Loads one archive many times at once, and holds nothing of it. */
const loadOften = async (base: string, name: string, timeMs: number, times: number): Promise<void> => {
  const { registry, archives } = openRegistry(base, { timeMs })
  const release = await registry.pick(name, "")
  await Promise.all(Array.from({ length: times }, () => archives.files(release).then(({ files }) => files.clear())))
  registry.close()
}

/**
 * Installs one package: `?registry=`, `?name=`, `?range=`, `?ms=` for its deadline, `?cache=` for the platform's cache, `?times=`
 * to load its archive as often at once.
 */
export default {
  fetch: async (request) => {
    const { searchParams } = new URL(request.url)
    const get = (key: string): string => searchParams.get(key) ?? ""
    const [base, name, timeMs] = [get("registry"), get("name"), Number(get("ms"))]
    if (get("times") !== "")
      return Response.json({ failure: await failureOf(loadOften(base, name, timeMs, Number(get("times")))) })
    const use = { timeMs, ...(get("cache") === "" ? {} : { cache: caches.default }) }
    let found = {}
    const failure = await failureOf(
      install(base, name, get("range"), use).then(({ release, files, requests }) => {
        found = { version: release.version, files: files.size, requests }
      })
    )
    return Response.json({ failure, ...found })
  }
} satisfies ExportedHandler
