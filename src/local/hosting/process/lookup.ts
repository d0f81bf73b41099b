import type { SiteData, SiteSpec } from "../spec.ts"

/** The version that a site runs, as the control plane says. */
export interface FoundSite {
  readonly version: string | null
  /** The project, if the version needs a process of its own. */
  readonly project?: string
}

/** A version that needs a process of its own. */
export interface FoundVersion {
  readonly data: SiteData
  readonly version: SiteSpec
}

/** Reads the versions of sites from the control plane. */
export const makeLookup = (sitesUrl: string) => {
  // Sites go on while the control plane is away.
  const known = new Map<string, FoundSite>()
  const read = async <A>(path: string): Promise<A | undefined> => {
    const response = await fetch(`${sitesUrl}/${path}`)
    return response.ok ? ((await response.json()) as A) : undefined
  }
  return {
    /** The site of a label; undefined if there is none. */
    find: async (label: string): Promise<FoundSite | undefined> => {
      if (sitesUrl === "") return undefined
      try {
        const found = await read<FoundSite>(encodeURIComponent(label))
        if (found === undefined) known.delete(label)
        else known.set(label, found)
        return found
      } catch {
        return known.get(label)
      }
    },
    /** A version with all that it needs. */
    load: async (label: string, version: string): Promise<FoundVersion> => {
      const found = await read<FoundVersion>(`${encodeURIComponent(label)}/${version}`)
      if (found === undefined) throw new Error("The version is gone.")
      return found
    }
  }
}
