// @ts-check
import { existsSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"

/**
 * The folder of the npm workspace that a project is part of; undefined for a project of its own. A folder above counts if its
 * package.json has `workspaces`.
 *
 * @type {(project: string) => string | undefined}
 */
export const findWorkspace = (project) => {
  for (let folder = dirname(project); folder !== dirname(folder); folder = dirname(folder)) {
    const file = join(folder, "package.json")
    if (existsSync(file) && "workspaces" in JSON.parse(readFileSync(file, "utf8"))) return folder
  }
  return undefined
}
