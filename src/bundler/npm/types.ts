/** Files by their paths in a package. A `Map`, because a package may name a file `__proto__`. */
export type PackageFiles = Map<string, Uint8Array>

/** One version of a package, as the registry describes it. */
export interface Release {
  readonly name: string
  readonly version: string
  /** The URL of its archive, at the registry's own host. */
  readonly tarball: string
  readonly integrity: string | undefined
  readonly shasum: string | undefined
  /** Bytes; 0 where the registry does not say. */
  readonly unpackedSize: number
  /** The message of its author, where it is deprecated. */
  readonly deprecated: string | undefined
  /** Milliseconds since 1970, where the registry's answer says so without a further request. */
  readonly publishedAt?: number | undefined
  /** The ranges of the packages that it needs beside it, as far as they are ranges; without the optional ones. */
  readonly peers?: ReadonlyMap<string, string>
  /** The ranges of its dependencies as the registry tells them: a guess, because only the archive's own package.json counts. */
  readonly dependencies?: ReadonlyMap<string, string>
}

/** Finds the version that npm would take. */
export interface Releases {
  /**
   * @param range a version, a range or a tag: `1.2.3`, `^1.2`, `latest`.
   * @throws {PackageRefused} if there is none.
   * @throws {RegistryUnavailableError} if the registry does not answer as it should.
   */
  readonly pick: (name: string, range: string) => Promise<Release>
  /** The versions of a package that are neither deprecated nor before a release. */
  readonly versions: (name: string) => Promise<ReadonlyArray<string>>
  /** Looks for a version that will probably be picked, if that is worth it. */
  readonly foresee: (name: string, range: string) => Promise<Release | undefined>
}

/** The files of a verified archive. */
export interface Unpacked {
  readonly files: PackageFiles
  /** Those that can be imported, and those that say that it is native. */
  readonly paths: ReadonlySet<string>
  /** Bytes of the files. */
  readonly size: number
}

/** The importable files of an archive. */
export interface Archive {
  readonly files: PackageFiles
  /** The paths of all files that can be imported, held or not. */
  readonly paths: ReadonlySet<string>
  /** Whether `files` has the unlikely ones too. */
  readonly wide: boolean
}

/** How many of an archive's files are held: the likely ones, all modules, or one kind of the others alone. */
export type Extent = boolean | "text" | "wasm"

/** Fetches and verifies archives, or takes them from the cache. */
export interface Archives {
  /**
   * @param wide whether files that are unlikely to be imported (`*.min.js`, `umd/…`) are wanted too; by default only for small packages.
   * @throws {PackageRefused} if the archive cannot be accepted.
   * @throws {RegistryUnavailableError} if it does not arrive.
   */
  readonly files: (release: Release, wide?: Extent) => Promise<Archive>
  /** Begins to fetch an archive that will probably be asked for, if it is small. */
  readonly expect: (release: Release, wide: Extent) => void
}

/** A version that a lock names. */
export interface Locked {
  readonly name: string
  readonly version: string
  readonly integrity: string | undefined
  /** Where npm's lock has it, as in `node_modules/a/node_modules/b`; "" in our own. */
  readonly location: string
}

/** The versions to repeat: npm's lock by place, our own by what was asked for (`zod@^4`). */
export interface Lock {
  /**
   * @param from the importer's location in npm's lock; "" for the project.
   * @throws {PackageRefused} if the lock is malformed, or has the package from another place than npm.
   */
  readonly find: (from: string, name: string, range: string) => Locked | undefined
}
