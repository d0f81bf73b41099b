import { siteLabelOf } from "../via-front.ts"
import type { Instance } from "../runtimes/Instance.ts"
import type { makeLookup } from "./lookup.ts"
import type { Sites } from "../runtimes/Sites.ts"

/** The parts that find a site. */
interface Parts {
  readonly sites: Sites
  readonly lookup: ReturnType<typeof makeLookup>
}

/** The process of the site with a `Host`, started if need be; undefined if the site needs none. Call `done` after the use. */
export const reachSite = async (
  { sites, lookup }: Parts,
  host: string,
  port: number
): Promise<{ readonly instance: Instance; readonly done: () => void } | undefined> => {
  const url = `http://${host}`
  const label = URL.canParse(url) ? siteLabelOf(url, { PORT: String(port) }) : undefined
  const found = label === undefined ? undefined : await lookup.find(label)
  if (label === undefined || found?.version == null || found.project === undefined) return undefined
  const { version, project } = found
  return sites.reach({ project, revision: version, host }, () => lookup.load(label, version))
}
