import type { PackageRefused } from "../../errors.ts"
import type { Package, Site } from "../../package/Package.ts"
import { compareText, type RefusedTarget, type Target } from "../types.ts"

/** An import that lacks a peer. */
export interface MissingPeer {
  readonly error: PackageRefused
  /** The project's import that led there. */
  readonly site: Site
}

/** An import that seemed to lack a peer. */
interface Peerless {
  readonly pkg: Package
  /** Asks again where the import leads. */
  readonly ask: () => Target
}

/** Whether an import lacks a peer. Only those count that its package declares, because the guess takes some texts for imports. */
export const isMissingPeer = (pkg: Package, target: Target): target is RefusedTarget =>
  target.type === "refused" &&
  target.error.code === "missing-peer" &&
  pkg.dependency(target.error.package ?? "")?.peer === true

/** The static imports that lacked a peer when they were followed. A package that came later may have brought it. */
export class MissingPeers {
  readonly #peerless = new Map<string, Peerless>()

  /** Adds an import, by a key of its own. */
  add(key: string, peerless: Peerless): void {
    this.#peerless.set(key, peerless)
  }

  /** Forgets all imports. */
  forget(): void {
    this.#peerless.clear()
  }

  /** The first import that still lacks its peer; the same in every build. */
  first(): MissingPeer | undefined {
    for (const [, { pkg, ask }] of [...this.#peerless].toSorted(([a], [b]) => compareText(a, b))) {
      const target = ask()
      if (isMissingPeer(pkg, target)) return { error: target.error, site: pkg.origin.site }
    }
    return undefined
  }
}
