import type { VirtualFs } from "../compiler/VirtualFs.ts"
import type { PackageJson } from "../project/package-json.ts"
import type { Files } from "../project/project.ts"
import type { RemoteModules } from "../remote/RemoteModules.ts"

/** The data that imports are resolved with. */
export interface ResolveContext {
  readonly files: Files
  /** The files as the compiler sees them. */
  readonly disk: VirtualFs
  readonly packageJson: Pick<PackageJson, "versionOf">
  /** Resolves `#x` with `imports` of the `package.json` nearest to a folder: to `./x.js`, or a package. */
  readonly subpathTarget: (folder: string, specifier: string, kind: "import" | "require") => string | undefined
  /** Whether a package's name may be the project's own: a path of a config, or a package that was sent. */
  readonly mayBeOwn: (specifier: string) => boolean
  readonly remote: RemoteModules
  readonly hosts: ReadonlySet<string>
}
