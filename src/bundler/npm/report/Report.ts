import type { Message } from "esbuild-wasm"
import { BundleError, type Diagnostic } from "../../diagnostics.ts"
import type { Files } from "../../project/project.ts"
import type { CompilerSide } from "../compiler/CompilerSide.ts"
import { PackageRefused } from "../errors.ts"
import type { Installation } from "../Installation.ts"
import type { CaughtImports } from "../project/CaughtImports.ts"
import type { ProjectSide } from "../project/ProjectSide.ts"
import { refusalAt } from "../project/site.ts"
import type { Taken } from "../Taken.ts"
import { explainPackageError } from "./compile-errors.ts"
import { explainCrash } from "./crashes.ts"
import { type InBundle, packageWarnings } from "./warnings.ts"

/** The parts of a build that a report is about. */
export interface ReportParts {
  readonly files: Files
  readonly project: ProjectSide
  readonly installation: Installation
  readonly compiler: CompilerSide
  readonly taken: Taken
  readonly caught: CaughtImports
}

/** The modules in a bundle by name, with the bytes that each has in the output. */
export type Inputs = Readonly<Record<string, { readonly bytesInOutput: number }>>

/** Tells the author how packages fail, and warns of those that are bundled. */
export class Report {
  readonly #parts: ReportParts

  constructor(parts: ReportParts) {
    this.#parts = parts
  }

  /**
   * The reason that the author should hear for packages that are too large: a missing peer, if there is one, because without the peer a
   * smaller build would fail as well. Otherwise the compiler reports it, for the guess of imports may be wrong.
   */
  reason<E>(error: E): E | BundleError {
    const { files, installation } = this.#parts
    const isTooLarge = error instanceof PackageRefused && ["too-large", "too-many"].includes(error.code)
    const missing = isTooLarge ? installation.graph.reach.missingPeer() : undefined
    return missing === undefined ? error : new BundleError([refusalAt(files, missing.site, missing.error)], false)
  }

  /** Warnings about packages, given the modules in the bundle. */
  warnings(inputs: Inputs): ReadonlyArray<Diagnostic> {
    const { files, project, installation, compiler, caught } = this.#parts
    const modules = Object.entries(inputs).flatMap(([name, { bytesInOutput }]): ReadonlyArray<InBundle> => {
      const [pkg, path] = compiler.fileOf(name) ?? []
      return pkg === undefined || path === undefined ? [] : [{ pkg, path, bytes: bytesInOutput }]
    })
    return [
      ...(modules.length === 0 ? [] : project.versionWarnings()),
      ...caught.warnings(files),
      ...packageWarnings(files, installation.graph, modules)
    ]
  }

  /** Explains an error of the compiler that is about packages; `undefined` for all others. */
  explain(message: Message): Diagnostic | undefined {
    const { files, compiler, taken, caught } = this.#parts
    if (taken.refusal !== undefined && message.detail === taken.refusal) {
      const reason = this.reason(taken.refusal)
      return reason instanceof BundleError ? reason.diagnostics[0] : refusalAt(files, undefined, reason)
    }
    const refused = caught.of(message)
    const about = refused === undefined ? message : { ...message, text: refused.text, detail: refused }
    return explainPackageError(files, compiler, about)
  }

  /** Explains a crash of the compiler; `undefined` if no packages are in the build. */
  explainCrash(crash: Error): Error | undefined {
    const { installation, taken } = this.#parts
    return installation.isUsed ? this.reason(explainCrash(crash, taken.sizes)) : undefined
  }
}
