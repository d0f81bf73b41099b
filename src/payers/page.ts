import type { Status } from "../domain/Status.ts"

/** The most deployments in one answer. A status with the versions of its packages has some kilobytes. */
export const PAGE_SIZE = 100

/** A payer's object keeps a deployment this long after its end, in milliseconds: 7 days, as its order does. */
const KEEP_MS = 7 * 86_400_000

const HOUR_MS = 3_600_000

/** When a deployment that has ended is dropped: at a full hour, so that one alarm drops many. `now` in unix milliseconds. */
export const forgottenAt = (now: number): number => Math.ceil((now + KEEP_MS) / HOUR_MS) * HOUR_MS

/** Deployments of a payer, newest first. */
export interface DeploymentPage {
  readonly deployments: ReadonlyArray<Status>
  /** The cursor of the next page; null if this is the last. */
  readonly next: string | null
}

/** A row as it is read for a page. */
interface Row {
  readonly id: string
  readonly createdAt: number
  readonly status: Status
}

// bounded: at most 15 digits and 60 characters
const CURSOR = /^(\d{1,15})-(dep_[0-9a-z]{1,56})$/

/** Whether a text is a cursor. It names a deployment: the next page has those that are older. */
export const isCursor = (text: string): boolean => CURSOR.test(text)

/** The deployment that a cursor names; without one a deployment that is newer than all. */
export const parseCursor = (cursor: string | undefined): Pick<Row, "id" | "createdAt"> => {
  const [, createdAt, id] = CURSOR.exec(cursor ?? "") ?? []
  return { createdAt: createdAt === undefined ? Number.MAX_SAFE_INTEGER : Number(createdAt), id: id ?? "" }
}

/** Makes a page of rows, newest first, of which there is one more than a page has if there is another page. */
export const pageOf = (rows: ReadonlyArray<Row>): DeploymentPage => {
  const page = rows.slice(0, PAGE_SIZE)
  const last = page.at(-1)
  return {
    deployments: page.map(({ status }) => status),
    next: rows.length > page.length && last !== undefined ? `${last.createdAt}-${last.id}` : null
  }
}
