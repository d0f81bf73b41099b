import type { Files } from "../project/project.ts"
import type { ModuleCache } from "../remote/module-cache.ts"
import type { OtherModules } from "./compiler/types.ts"

/** The facts that packages are resolved with. */
export interface PackagesOptions {
  readonly files: Files
  readonly entrypoint: string
  /** The URL of the registry. */
  readonly registry: string
  /** Milliseconds for the whole build. */
  readonly timeMs: number
  readonly fetch: typeof fetch
  readonly cache: ModuleCache | undefined
  /** The lock of an earlier build. */
  readonly lock: Readonly<Record<string, string>> | undefined
  /** Whether a bare import may mean a file of the project. */
  readonly mayBeOwn: (specifier: string) => boolean
  readonly others: OtherModules
}
