import { extentFor } from "../archive/importable.ts"
import type { PackageRefused } from "../errors.ts"
import type { Package, Site } from "../package/Package.ts"
import { type Barrel, importedNames, type Names, pruneBarrel, readBarrel, wantsOf } from "../source/barrels.ts"
import { blankText } from "../source/blank-text.ts"
import type { Resolver } from "./Resolver.ts"
import { guessImports, hasImportStatement, type Kind } from "../source/scan.ts"
import { compareText, type FileTarget, type Need, type RefusedTarget, type Target } from "./types.ts"

/** A file that was reached. */
interface Reached {
  /** `undefined` for a file that is taken as it is. */
  readonly barrel: Barrel | undefined
  names: Names
  /** The imports that were followed; `undefined` before the file was read. */
  followed: Set<string> | undefined
}

/** Code that throws on Workers, which make no code from text. */
const MAKES_CODE = /(?<![.\w$])(?:new\s{1,20}Function|eval)\s{0,20}\(/

const decoder = new TextDecoder()

const idOf = (pkg: Package, path: string): string => `${pkg.id}/${path}`

const importOf = (specifier: string, kind: Kind): string => `${kind} ${specifier}`

/** Only of peers that the importer declares: the guess of imports takes some texts for imports. */
const isMissingPeer = (pkg: Package, target: Target): target is RefusedTarget =>
  target.type === "refused" &&
  target.error.code === "missing-peer" &&
  pkg.dependency(target.error.package ?? "")?.peer === true

/** The files of packages that imports lead to; barrels among them pruned to the names that are wanted. */
export class Reach {
  readonly #resolver: Resolver
  readonly #files = new Map<string, Reached>()
  readonly #makesCode = new Set<string>()
  /** Asks again where an import leads that seemed to lack a peer, by the import. */
  readonly #peerless = new Map<string, { readonly pkg: Package; readonly ask: () => Target }>()
  #pruning = true

  constructor(resolver: Resolver) {
    this.#resolver = resolver
  }

  /** Whether barrels are pruned. */
  get pruning(): boolean {
    return this.#pruning
  }

  /** Forgets all files: from now on barrels are taken whole. */
  stopPruning(): void {
    this.#pruning = false
    this.forget()
  }

  /** Forgets all files, because imports lead to other files now. */
  forget(): void {
    this.#files.clear()
    this.#peerless.clear()
  }

  /** Whether a file was reached as a whole. */
  isWhole({ pkg, path }: FileTarget): boolean {
    const reached = this.#files.get(idOf(pkg, path))
    return reached !== undefined && (reached.barrel === undefined || reached.names === true)
  }

  /** Whether an import of a package's file was followed, with the names that it takes. */
  isFollowed(pkg: Package, path: string, specifier: string, kind: Kind): boolean {
    return this.#files.get(idOf(pkg, path))?.followed?.has(importOf(specifier, kind)) === true
  }

  /** Whether a file makes code from text. */
  makesCode(pkg: Package, path: string): boolean {
    return this.#makesCode.has(idOf(pkg, path))
  }

  /**
   * The refusal of a static import whose package the project must provide, and the project's import that led there; the same
   * in every build.
   */
  missingPeer(): { readonly error: PackageRefused; readonly site: Site } | undefined {
    for (const [, { pkg, ask }] of [...this.#peerless].toSorted(([a], [b]) => compareText(a, b))) {
      const target = ask()
      if (isMissingPeer(pkg, target)) return { error: target.error, site: pkg.origin.site }
    }
    return undefined
  }

  /** A file's source; `undefined` if it is not held. */
  source(pkg: Package, path: string): Uint8Array | string | undefined {
    const reached = this.#files.get(idOf(pkg, path))
    if (reached?.barrel === undefined || reached.names === true) return pkg.files.get(path)
    return pruneBarrel(reached.barrel, reached.names)
  }

  /** Follows imports from a target on. Calls `meet` for each that leads to a package which is not ready. */
  enter(first: Target, names: Names, meet: (need: Need) => void): void {
    const queue: Array<FileTarget> = []
    const push = (target: Target, names: Names) => {
      if (target.type === "need") meet({ ...target.need, names })
      else if (target.type === "file" && this.#want(target, names)) queue.push(target)
    }
    push(first, names)
    for (let target = queue.pop(); target !== undefined; target = queue.pop()) this.#follow(target, push)
  }

  /** Follows the imports of a file that was lost and is held again. */
  resume(pkg: Package, path: string, meet: (need: Need) => void): void {
    const known = this.#files.get(idOf(pkg, path))
    if (known?.followed !== undefined) return
    this.#files.delete(idOf(pkg, path))
    this.enter({ type: "file", pkg, path, sideEffects: pkg.hasSideEffects(path) }, known?.names ?? true, meet)
  }

  /** Whether a file must be looked at: it is new, or a barrel of which more is wanted now. */
  #want({ pkg, path, sideEffects }: FileTarget, names: Names): boolean {
    const id = idOf(pkg, path)
    const known = this.#files.get(id)
    if (known === undefined) {
      pkg.reached.add(path)
      const bytes = pkg.files.get(path)
      const mayPrune = this.#pruning && !sideEffects && /\.m?js$/.test(path) && bytes !== undefined
      const barrel = mayPrune ? readBarrel(decoder.decode(bytes)) : undefined
      this.#files.set(id, { barrel, names, followed: undefined })
      return true
    }
    if (known.names === true) return false
    const more = names === true || [...names].some((name) => known.names !== true && !known.names.has(name))
    if (more) known.names = names === true ? true : new Set([...known.names, ...names])
    return more && known.barrel !== undefined
  }

  #follow({ pkg, path }: FileTarget, push: (target: Target, names: Names) => void): void {
    const reached = this.#files.get(idOf(pkg, path))
    const bytes = pkg.files.get(path)
    if (reached === undefined) return
    if (bytes === undefined) pkg.lost.add(path)
    if (bytes === undefined) return
    const followed = (reached.followed ??= new Set())
    if (path.endsWith(".json") || extentFor(path) !== "modules") return
    if (reached.barrel !== undefined) {
      for (const [specifier, wanted] of wantsOf(reached.barrel, reached.names)) {
        followed.add(importOf(specifier, "import"))
        push(this.#resolve(pkg, path, specifier, "import"), wanted)
      }
      return
    }
    const text = decoder.decode(bytes)
    if (MAKES_CODE.test(text) && MAKES_CODE.test(blankText(text, true))) this.#makesCode.add(idOf(pkg, path))
    const imported = importedNames(text)
    for (const { specifier, kind } of guessImports(text)) {
      followed.add(importOf(specifier, kind))
      const target = this.#resolve(pkg, path, specifier, kind, text)
      push(target, kind === "import" ? (imported.get(specifier) ?? true) : true)
    }
  }
  /** @param text the source that the import was guessed from; without it, the import is certain. */
  #resolve(pkg: Package, path: string, specifier: string, kind: Kind, text?: string): Target {
    const ask = () => this.#resolver.fromPackage(pkg, path, specifier, kind)
    const target = ask()
    if (isMissingPeer(pkg, target) && (text === undefined || hasImportStatement(text, specifier)))
      this.#peerless.set(`${idOf(pkg, path)}\0${specifier}`, { pkg, ask })
    return target
  }
}
