import { projectName } from "../../src/control-plane/slug.ts"

/** A row of Jack's list. */
export interface Row {
  readonly id: string
  readonly name: string
  readonly slug: string
  readonly status: string
  readonly tags: string | null
  readonly created_at: string
}

/** The looks of a row to the sweep. All but an orphan must stay; a claimed one looks like an orphan, and an order owns it. */
export type Kind = "orphan" | "claimed" | "live" | "young" | "foreign"

const PAST = "expires:1700000000"
const FUTURE = "expires:4000000000"

/** Returns a number from 0 up to 1 for each number, always the same and without order. */
const scatter = (n: number): number => ((n * 2_654_435_761) % 4_294_967_296) / 4_294_967_296

/** An id that no gateway has made, of today's length. */
const deploymentId = (n: number): string => `dep_${n.toString(36).padStart(40, "0")}`

/** Makes the row of a project. Each fourth orphan has expired, has failed, has no tag, or has both. `now` in unix milliseconds. */
export const makeRow = (n: number, kind: Kind, now: number): Row => {
  const failed = kind === "orphan" && n % 4 === 1
  const untagged = kind === "young" || (kind === "orphan" && n % 4 === 2)
  const expiry = kind === "live" ? FUTURE : PAST
  return {
    id: `proj_${Math.floor(scatter(n) * 2 ** 32).toString(16)}-${n}`,
    name: kind === "foreign" ? `my-project-${n}` : projectName(deploymentId(n)),
    slug: `slug-${n}`,
    status: failed ? "error" : "active",
    tags: untagged ? null : JSON.stringify(["mpp-compute", expiry]),
    created_at: new Date(now - (kind === "young" ? 60_000 : 86_400_000)).toISOString()
  }
}

/** Returns what the n-th of `total` projects is, so that `orphans` of them are orphans, scattered over the list. */
export const kindOf = (n: number, total: number, orphans: number): Kind => {
  const step = Math.floor(total / orphans)
  if (n % step === 3 % step && Math.floor(n / step) < orphans) return "orphan"
  return n % 10 === 0 ? "foreign" : n % 10 === 1 ? "young" : "live"
}
