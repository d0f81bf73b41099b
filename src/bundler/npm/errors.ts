/** The reason of a refusal, for programs. */
export type RefusalCode =
  | "bad-name"
  | "bad-range"
  | "bad-specifier"
  | "bad-lock"
  | "damaged"
  | "integrity"
  | "missing-file"
  | "missing-peer"
  | "native"
  | "no-export"
  | "no-integrity"
  | "no-version"
  | "not-found"
  | "too-deep"
  | "too-large"
  | "too-many"

/** The facts of a refusal, for the author of the source. */
export interface Refusal {
  readonly code: RefusalCode
  /** Names the package, the version and the reason. */
  readonly text: string
  /** Advice for the author; "" if nothing is known. */
  readonly hint?: string | undefined
  readonly package?: string | undefined
  readonly version?: string | undefined
  /** The import of the project that led there, where the compiler does not know it. */
  readonly site?: { readonly file: string; readonly specifier: string } | undefined
}

/** A package cannot be bundled, and the author of the source can do something about it. */
export class PackageRefused extends Error {
  override readonly name = "PackageRefused"
  readonly code: RefusalCode
  readonly text: string
  readonly hint: string
  readonly package: string | undefined
  readonly version: string | undefined
  readonly site: Refusal["site"]
  /** The packages that led there, the importing file of the project first: `["src/index.ts", "a@1.0.0"]`. */
  readonly chain: ReadonlyArray<string>

  constructor(refusal: Refusal, chain: ReadonlyArray<string> = []) {
    super(refusal.text)
    this.code = refusal.code
    this.text = refusal.text
    this.hint = refusal.hint ?? ""
    this.package = refusal.package
    this.version = refusal.version
    this.site = refusal.site
    this.chain = chain
  }

  /** The same refusal, with the packages that led there. */
  via(chain: ReadonlyArray<string>): PackageRefused {
    return new PackageRefused(this, chain)
  }
}

/**
 * The registry did not answer as it should, or packages did not arrive in time. It says nothing about the source: the same
 * build may succeed later.
 */
export class RegistryUnavailableError extends Error {
  override readonly name = "RegistryUnavailableError"
}
