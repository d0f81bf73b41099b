import type { OnResolveArgs, OnResolveResult } from "esbuild-wasm"
import type { PackageRefused } from "../errors.ts"
import type { Target } from "../graph/types.ts"
import type { Package } from "../package/Package.ts"
import type { Kind } from "../source/scan.ts"

/** How the compiler's other plugin resolves the modules that are no packages. */
export interface OtherModules {
  /** A module of the platform. */
  readonly platform: (args: OnResolveArgs, specifier: string) => OnResolveResult
  /** A provided module of hono. */
  readonly provided: (id: string) => OnResolveResult
}

/** The packages of a build, as the compiler asks for them. */
export interface PackageSource {
  /** Where an import in a file of a package leads. */
  readonly resolve: (pkg: Package, importer: string, specifier: string, kind: Kind) => Target
  /** A file's source, which is let go of: as it is published if it is raw. A refusal if it is too much, `undefined` if it must be fetched first. */
  readonly take: (pkg: Package, path: string, isRaw: boolean) => Uint8Array | string | PackageRefused | undefined
}
