import { existsSync, statSync, watch } from "node:fs"
import { dirname, join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { MARKER_FILE } from "../directory.ts"
import type { Project } from "./plan.ts"

/** Paths that the build generates or that are not part of the Worker. */
const IGNORED = /(^|[\\/])(generated|local|node_modules|dist|\.[^\\/]*)([\\/]|$)/

const QUIET_MS = 300

/** Yields each time the project's source has changed and then not for 300 ms. Changes between two steps are kept. */
export const watchSource = ({ watch: folder }: Pick<Project, "watch">): AsyncIterable<void> => {
  // The directory of this or another stack may be inside the source folder.
  const isInStack = (path: string): boolean =>
    path !== "." && (existsSync(join(folder, path, MARKER_FILE)) || isInStack(dirname(path)))
  const isFolder = (path: string): boolean =>
    statSync(join(folder, path), { throwIfNoEntry: false })?.isDirectory() === true
  const paths = new Set<string>()
  let last = 0
  let wake = (): void => {}
  watch(folder, { recursive: true }, (_, path) => {
    if (path === null || IGNORED.test(path) || isInStack(path)) return
    paths.add(path)
    last = Date.now()
    wake()
  })
  return (async function* () {
    for (;;) {
      if (paths.size === 0) await new Promise<void>((resolve) => (wake = resolve))
      while (Date.now() - last < QUIET_MS) await sleep(100)
      // The paths are checked again, because a new directory of a stack has no marker file at first.
      const source = [...paths].filter((path) => !isFolder(path) && !isInStack(path))
      paths.clear()
      if (source.length > 0) yield
    }
  })()
}
