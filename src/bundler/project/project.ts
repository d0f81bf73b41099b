import type { ProjectConfig } from "../config/types.ts"

/**
 * The texts of one build by path, without a leading "./" and empty segments. It is a `Map` because some clients name files
 * `constructor` and `__proto__`, and a lookup in an object would find its prototype.
 */
export type Files = ReadonlyMap<string, string>

/** A valid project, and its bytes of source. */
export interface Project {
  /** Every file that is text: sources and assets. */
  readonly files: Files
  /** Every other file, in base64. */
  readonly binaries: ReadonlyMap<string, string>
  readonly config: ProjectConfig
  readonly bytes: number
}
