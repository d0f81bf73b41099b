import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"

/** This file in a project's folder has the `Host` of its site. */
const HOST_FILE = "host"

/** A site that has to be woken is tried again after this long, for example because the control plane is away. */
const AGAIN_MS = 10_000

/** The sites that do not run and have an alarm of a Durable Object to come. The runtime runs late alarms when it starts. */
export class Alarms {
  readonly #due = new Map<string, number>()
  readonly #dir: string

  constructor(dir: string) {
    this.#dir = dir
    for (const project of existsSync(dir) ? readdirSync(dir) : []) this.read(project)
  }

  /** Writes down the site of a project, so that it can be woken after a restart. */
  keepHost(project: string, host: string): void {
    mkdirSync(join(this.#dir, project), { recursive: true })
    writeFileSync(join(this.#dir, project, HOST_FILE), host)
  }

  /** Reads the next alarm of a project that has just ended. */
  read(project: string): void {
    const next = nextAlarm(join(this.#dir, project, "do"))
    if (next === undefined) this.#due.delete(project)
    else this.#due.set(project, next)
  }

  /** The hosts of the sites whose alarm is due now. */
  takeDue(): ReadonlyArray<string> {
    return [...this.#due].flatMap(([project, at]) => {
      if (at > Date.now()) return []
      const file = join(this.#dir, project, HOST_FILE)
      if (!existsSync(file)) {
        this.#due.delete(project)
        return []
      }
      this.#due.set(project, Date.now() + AGAIN_MS)
      return [readFileSync(file, "utf8")]
    })
  }

  /** Forgets the alarm of a project that runs. */
  forget(project: string): void {
    this.#due.delete(project)
  }
}

/** The earliest alarm of all objects, in milliseconds. The runtime keeps it in a database for each class. */
const nextAlarm = (folder: string): number | undefined => {
  const times = (existsSync(folder) ? readdirSync(folder) : []).flatMap((key) => {
    const file = join(folder, key, "metadata.sqlite")
    if (!existsSync(file)) return []
    let database: DatabaseSync | undefined
    try {
      database = new DatabaseSync(file, { readOnly: true })
      const row = database.prepare("SELECT min(scheduled_time) / 1000000 AS ms FROM _cf_ALARM").get()
      return typeof row?.["ms"] === "number" ? [row["ms"]] : []
    } catch {
      // The file may be broken, and another version of the runtime may keep alarms in another way.
      return []
    } finally {
      database?.close()
    }
  })
  return times.length === 0 ? undefined : Math.min(...times)
}
