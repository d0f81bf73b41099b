import { extentFor } from "../../archive/importable.ts"
import type { Package } from "../../package/Package.ts"
import { importedNames, type Names, wantsOf } from "../../source/barrels.ts"
import { blankText } from "../../source/blank-text.ts"
import { guessImports, hasImportStatement, type Kind } from "../../source/scan.ts"
import type { Resolver } from "../Resolver.ts"
import type { FileTarget, Need, Target } from "../types.ts"
import { isMissingPeer, type MissingPeer, MissingPeers } from "./MissingPeers.ts"
import { idOf, ReachedFiles } from "./ReachedFiles.ts"

/** Code that throws on Workers, which make no code from text. */
const MAKES_CODE = /(?<![.\w$])(?:new\s{1,20}Function|eval)\s{0,20}\(/

const decoder = new TextDecoder()

const importOf = (specifier: string, kind: Kind): string => `${kind} ${specifier}`

/** Follows imports through the files of packages. */
export class Reach {
  readonly #resolver: Resolver
  readonly #files = new ReachedFiles()
  readonly #makesCode = new Set<string>()
  readonly #missing = new MissingPeers()

  constructor(resolver: Resolver) {
    this.#resolver = resolver
  }

  /** Whether barrels are pruned. */
  get pruning(): boolean {
    return this.#files.pruning
  }

  /** Forgets all files: from now on barrels are taken whole. */
  stopPruning(): void {
    this.#files.stopPruning()
    this.#missing.forget()
  }

  /** Forgets all files, because imports lead to other files now. */
  forget(): void {
    this.#files.forget()
    this.#missing.forget()
  }

  /** Whether a file was reached as a whole. */
  isWhole(target: FileTarget): boolean {
    return this.#files.isWhole(target)
  }

  /** A file's source; `undefined` if it is not held. */
  source(pkg: Package, path: string): Uint8Array | string | undefined {
    return this.#files.source(pkg, path)
  }

  /** Whether an import of a package's file was followed, with the names that it takes. */
  isFollowed(pkg: Package, path: string, specifier: string, kind: Kind): boolean {
    return this.#files.of(pkg, path)?.followed?.has(importOf(specifier, kind)) === true
  }

  /** Whether a file makes code from text. */
  makesCode(pkg: Package, path: string): boolean {
    return this.#makesCode.has(idOf(pkg, path))
  }

  /** The first static import whose package the project must provide. */
  missingPeer(): MissingPeer | undefined {
    return this.#missing.first()
  }

  /** Follows imports from a target on. Calls `meet` for each that leads to a package which is not ready. */
  enter(first: Target, names: Names, meet: (need: Need) => void): void {
    const queue: Array<FileTarget> = []
    const push = (target: Target, names: Names) => {
      if (target.type === "need") meet({ ...target.need, names })
      else if (target.type === "file" && this.#files.want(target, names)) queue.push(target)
    }
    push(first, names)
    for (let target = queue.pop(); target !== undefined; target = queue.pop()) this.#follow(target, push)
  }

  /** Follows the imports of a file that was lost and is held again. */
  resume(pkg: Package, path: string, meet: (need: Need) => void): void {
    const known = this.#files.of(pkg, path)
    if (known?.followed !== undefined) return
    this.#files.drop(pkg, path)
    this.enter({ type: "file", pkg, path, sideEffects: pkg.modules.hasSideEffects(path) }, known?.names ?? true, meet)
  }

  #follow({ pkg, path }: FileTarget, push: (target: Target, names: Names) => void): void {
    const reached = this.#files.of(pkg, path)
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
      this.#missing.add(`${idOf(pkg, path)}\0${specifier}`, { pkg, ask })
    return target
  }
}
