import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"

/** A stack's own values that its next start on the same directory needs, to be the same stack. */
export interface Kept {
  readonly ports: Readonly<Record<string, number>>
  /** The gateway's key, with which it has encrypted and signed its data. */
  readonly MPP_SECRET_KEY: string
  readonly CONTROL_PLANE_TOKEN: string
}

/** Reads the values that an earlier stack left in the directory; undefined if there are none. */
export const readKept = (dir: string): Kept | undefined => {
  const file = join(dir, "kept.json")
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Kept) : undefined
}

/** Writes the values, readable by their owner only. */
export const writeKept = (dir: string, kept: Kept): void =>
  writeFileSync(join(dir, "kept.json"), JSON.stringify(kept, null, 2), { mode: 0o600 })
