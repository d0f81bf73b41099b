import { randomUUID } from "node:crypto"
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { EncodedVersion } from "../hosting/encoding.ts"

/** A project row of Jack's database. Times are `YYYY-MM-DD HH:MM:SS` in UTC; `tags` is a JSON string. */
export interface Project {
  readonly id: string
  readonly org_id: string
  readonly name: string
  readonly slug: string
  status: "active" | "error"
  readonly owner_username: string
  tags: string
  readonly created_at: string
  updated_at: string
}

/** A deployment row. */
export interface Deployment {
  readonly id: string
  readonly project_id: string
  readonly status: "live" | "failed"
  readonly source: "code:v1"
  readonly error_message: string | null
  readonly message: string | null
  readonly created_at: string
  readonly updated_at: string
}

/** The current time in the form of SQLite's CURRENT_TIMESTAMP: UTC, without a zone. */
export const databaseTime = (): string => new Date().toISOString().slice(0, 19).replace("T", " ")

/** The account that owns all projects. */
export const account = { username: "local", userId: "usr_local", orgId: "org_local" } as const

/** The projects and deployments, in memory and on disk: answered changes survive a restart. */
export class Store {
  readonly projects: Array<Project> = []
  readonly deployments: Array<Deployment> = []
  readonly #dir: string

  constructor(dir: string) {
    this.#dir = dir
    mkdirSync(join(dir, "versions"), { recursive: true })
    if (existsSync(join(dir, "rows.json"))) {
      const rows = JSON.parse(readFileSync(join(dir, "rows.json"), "utf8")) as Pick<Store, "projects" | "deployments">
      this.projects.push(...rows.projects)
      this.deployments.push(...rows.deployments)
    }
  }

  project(id: string): Project | undefined {
    return this.projects.find((project) => project.id === id)
  }

  bySlug(slug: string): Project | undefined {
    return this.projects.find((project) => project.slug === slug)
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
      created_at: now,
      updated_at: now
    }
    this.projects.push(project)
    this.#save()
    return project
  }

  setTags(project: Project, tags: ReadonlyArray<string>): void {
    project.tags = JSON.stringify(tags)
    project.updated_at = databaseTime()
    this.#save()
  }

  /** Deletes the project and its code. (Jack keeps a row that no answer shows.) */
  deleteProject(project: Project): void {
    this.projects.splice(this.projects.indexOf(project), 1)
    for (const deployment of this.deployments.filter((deployment) => deployment.project_id === project.id)) {
      this.deployments.splice(this.deployments.indexOf(deployment), 1)
      rmSync(this.#versionFile(deployment.id), { force: true })
    }
    this.#save()
  }

  /** Records an upload: its version, or the reason of its refusal. */
  addDeployment(project: Project, outcome: EncodedVersion | { readonly error: string }, message: string | null) {
    const now = databaseTime()
    const refused = "error" in outcome
    const deployment: Deployment = {
      id: `dep_${randomUUID()}`,
      project_id: project.id,
      status: refused ? "failed" : "live",
      source: "code:v1",
      error_message: refused ? outcome.error : null,
      message,
      created_at: now,
      updated_at: now
    }
    // The code is written first, so that every row on disk has its code.
    if (!refused) writeFileSync(this.#versionFile(deployment.id), JSON.stringify(outcome))
    this.deployments.push(deployment)
    this.#save()
    return deployment
  }

  latest(project: Project): Deployment | undefined {
    return this.deployments.findLast(({ project_id, status }) => project_id === project.id && status === "live")
  }

  /** Returns the code of a deployment that is or was live, as JSON. */
  version(id: string): string | undefined {
    const known = this.deployments.some((deployment) => deployment.id === id && deployment.status === "live")
    return known ? readFileSync(this.#versionFile(id), "utf8") : undefined
  }

  #versionFile(id: string): string {
    return join(this.#dir, "versions", `${id}.json`)
  }

  #save(): void {
    const file = join(this.#dir, "rows.json")
    writeFileSync(`${file}.new`, JSON.stringify({ projects: this.projects, deployments: this.deployments }, null, 1))
    renameSync(`${file}.new`, file)
  }
}
