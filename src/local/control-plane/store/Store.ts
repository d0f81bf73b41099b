import { randomUUID } from "node:crypto"
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { rename, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { setImmediate as nextTurn } from "node:timers/promises"
import type { SiteSpec } from "../../hosting/spec.ts"
import {
  account,
  databaseTime,
  type Deployment,
  type LogSession,
  type Project,
  type Resource,
  type Script
} from "./rows.ts"

/** The rows on disk. */
interface Rows {
  readonly projects: Array<Project>
  readonly deployments: Array<Deployment>
  readonly resources: Array<Resource>
  /** Resources of deleted projects that still exist. */
  readonly orphans: Array<Resource>
  readonly scripts: Record<string, Script>
  readonly logSessions: Array<LogSession>
}

/** The rows of the control plane, in memory and on disk: answered changes survive a restart. */
export class Store {
  readonly rows: Rows = { projects: [], deployments: [], resources: [], orphans: [], scripts: {}, logSessions: [] }
  /** The secrets by project. They have a file of their own, which only its owner reads. */
  readonly #secrets: Record<string, Record<string, string>> = {}
  /** The versions that serve, in memory, because each request to a site asks for its version. */
  readonly #live = new Map<string, { readonly deploymentId: string; readonly version: SiteSpec }>()
  readonly #dir: string
  /** The last write that was asked for. It begins after the one before it. */
  #saving: Promise<void> = Promise.resolve()
  /** Whether that write has not begun, so that it includes every change until then. */
  #isWaiting = false

  constructor(dir: string) {
    this.#dir = dir
    mkdirSync(join(dir, "versions"), { recursive: true, mode: 0o700 })
    Object.assign(this.rows, read(join(dir, "rows.json")))
    Object.assign(this.#secrets, read(join(dir, "secrets.json")))
  }

  project(id: string): Project | undefined {
    return this.rows.projects.find((project) => project.id === id)
  }

  bySlug(slug: string): Project | undefined {
    return this.rows.projects.find((project) => project.slug === slug)
  }

  addProject(name: string, slug: string, status: Project["status"]): Project {
    const now = databaseTime()
    const project: Project = {
      id: `proj_${randomUUID()}`,
      org_id: account.orgId,
      name,
      slug,
      status,
      owner_username: account.username,
      tags: "[]",
      do_migration_tag: null,
      created_at: now,
      updated_at: now
    }
    this.rows.projects.push(project)
    this.rows.scripts[project.id] = { live: null, secretsRevision: 0, classes: [] }
    this.save()
    return project
  }

  setTags(project: Project, tags: ReadonlyArray<string>): void {
    project.tags = JSON.stringify(tags)
    project.updated_at = databaseTime()
    this.save()
  }

  /** Deletes the project with its code, rows and secrets. (Jack keeps rows that no answer shows.) */
  deleteProject({ id }: Project): void {
    for (const deployment of this.rows.deployments.filter(({ project_id }) => project_id === id))
      rmSync(this.versionFolder(deployment.id), { recursive: true, force: true })
    for (const rows of [this.rows.deployments, this.rows.resources, this.rows.logSessions] as Array<
      Array<{ readonly project_id: string }>
    >)
      removeAll(rows, ({ project_id }) => project_id === id)
    removeAll(this.rows.projects, (project) => project.id === id)
    delete this.rows.scripts[id]
    delete this.#secrets[id]
    this.#live.delete(id)
    this.save()
  }

  /** Records the end of an upload: that it is live, or the reason of its refusal. */
  addDeployment(project: Project, id: string, error: string | null, message: string | null): Deployment {
    const now = databaseTime()
    const deployment: Deployment = {
      id,
      project_id: project.id,
      status: error === null ? "live" : "failed",
      source: "code:v1",
      error_message: error,
      message,
      created_at: now,
      updated_at: now
    }
    this.rows.deployments.push(deployment)
    this.save()
    return deployment
  }

  latest(project: Project): Deployment | undefined {
    return this.rows.deployments.findLast(({ project_id, status }) => project_id === project.id && status === "live")
  }

  script(project: Project): Script {
    const script = this.rows.scripts[project.id]
    if (script === undefined) throw new Error(`Project ${project.id} not found`)
    return script
  }

  /** Makes a version the one that serves. Its code is written first, so that every row on disk has its code. */
  setLive(project: Project, deploymentId: string, version: SiteSpec): void {
    mkdirSync(this.versionFolder(deploymentId), { recursive: true })
    writeFileSync(join(this.versionFolder(deploymentId), "version.json"), JSON.stringify(version), { mode: 0o600 })
    this.script(project).live = deploymentId
    this.#live.set(project.id, { deploymentId, version })
    this.save()
  }

  /** The version that serves, without its secrets. */
  live(project: Project): SiteSpec | undefined {
    const { live } = this.script(project)
    if (live === null) return undefined
    const known = this.#live.get(project.id)
    if (known?.deploymentId === live) return known.version
    const version = JSON.parse(readFileSync(join(this.versionFolder(live), "version.json"), "utf8")) as SiteSpec
    this.#live.set(project.id, { deploymentId: live, version })
    return version
  }

  /** The folder of a version's code and static files. */
  versionFolder(deploymentId: string): string {
    return join(this.#dir, "versions", deploymentId)
  }

  secrets(project: Project): Readonly<Record<string, string>> {
    return this.#secrets[project.id] ?? {}
  }

  setSecrets(project: Project, secrets: Readonly<Record<string, string>>): void {
    this.#secrets[project.id] = { ...secrets }
    this.script(project).secretsRevision++
    this.save()
  }

  /**
   * Writes the rows soon. Changes that come before the write begins share it, because it takes some tenths of a second with 100,000
   * projects: each answer waits for two writes at most, however many changes come at once.
   */
  save(): void {
    if (this.#isWaiting) return
    this.#isWaiting = true
    this.#saving = this.#write(this.#saving)
    // Each answer that waits for it fails then.
    this.#saving.catch(() => {})
  }

  /** Resolves once all changes are on disk. An answer waits for it. */
  async saved(): Promise<void> {
    await this.#saving
  }

  async #write(before: Promise<void>): Promise<void> {
    await before.catch(() => {})
    await nextTurn()
    this.#isWaiting = false
    const [secrets, rows] = [textOf(this.#secrets), textOf(this.rows)]
    await replace(join(this.#dir, "secrets.json"), secrets)
    await replace(join(this.#dir, "rows.json"), rows)
  }
}

const read = (file: string): object => (existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as object) : {})

const textOf = (content: object): string => JSON.stringify(content, null, 1)

/** Writes a file anew. A crash leaves the old one. */
const replace = async (file: string, text: string): Promise<void> => {
  await writeFile(`${file}.new`, text, { mode: 0o600 })
  await rename(`${file}.new`, file)
}

/** Removes rows from an array, in place. There may be more than a call can have arguments. */
const removeAll = <Row>(rows: Array<Row>, isRemoved: (row: Row) => boolean): void => {
  let kept = 0
  for (const row of rows) if (!isRemoved(row)) rows[kept++] = row
  rows.length = kept
}
