import type { ProjectConfig } from "../config/types.ts"
import { normalizePath } from "../project/paths.ts"

/** Folders whose files are assets without a configuration, the likelier one first. */
export const DEFAULT_FOLDERS = ["dist", "public"] as const

/**
 * The folders whose files count as assets: the configured one, `public` and `dist`. A folder with the program is not one of
 * the latter, and the root is none, because its files are sources.
 */
export const findAssetFolders = (
  { assets }: Pick<ProjectConfig, "assets">,
  programs: ReadonlyArray<{ readonly path: string }>
): ReadonlyArray<string> => {
  const holdsProgram = (folder: string) => programs.some(({ path }) => normalizePath(path).startsWith(`${folder}/`))
  const configured = assets === undefined || assets.directory === "" ? [] : [assets.directory]
  return [...new Set([...configured, ...DEFAULT_FOLDERS.filter((folder) => !holdsProgram(folder))])]
}
