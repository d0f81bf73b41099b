import type { VirtualFs } from "../compiler/VirtualFs.ts"
import type { Packages } from "../npm/packages.ts"
import type { Aliases } from "../project/aliases.ts"
import type { PackageJson } from "../project/package-json.ts"
import type { Files } from "../project/project.ts"
import type { RemoteModules } from "../remote/RemoteModules.ts"

/** The data that resolving imports needs. */
export interface ResolveContext {
  readonly files: Files
  /** The files as the compiler sees them. */
  readonly disk: VirtualFs
  readonly packageJson: Pick<PackageJson, "versionOf">
  /** Resolves `#x` by the `imports` of the `package.json` nearest to a folder: to `./x.js`, or to a package. */
  readonly subpathTarget: (folder: string, specifier: string, kind: "import" | "require") => string | undefined
  /** Whether a package's name may be the project's own: a path of a config, or a package that the author sent. */
  readonly mayBeOwn: (specifier: string) => boolean
  /** Where `paths` of the configs lead a specifier, whether or not there is such a file. */
  readonly aliases: Pick<Aliases, "targetsOf">
  readonly remote: RemoteModules
  readonly hosts: ReadonlySet<string>
  /** The packages of npm; absent where they are not installed. */
  readonly packages?: Packages | undefined
}
