import { readdirSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"

/** Counts the purchases that the orders' objects have on disk, below the stack's directory. */
export const countPurchases = (dir: string): number =>
  readdirSync(join(dir, "gateway", "state"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /^[0-9a-f]{64}\.sqlite$/.test(entry.name))
    .map((entry) => countIn(join(entry.parentPath, entry.name)))
    .reduce((sum, count) => sum + count, 0)

// workerd may be writing to the file. This waits up to 10 s for its lock instead of failing with "database is locked".
const countIn = (file: string): number => {
  const database = new DatabaseSync(file, { readOnly: true, timeout: 10_000 })
  try {
    if (database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'purchase'").get() === undefined) return 0
    return Number(database.prepare("SELECT count(*) AS count FROM purchase").get()?.["count"])
  } finally {
    database.close()
  }
}
