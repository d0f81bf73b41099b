/** One renewal, or one delete, of a deployment, whose points count. */
export interface Aim {
  /** The deployment's id, and that of its project at the host. */
  readonly deployment: string
  readonly project: string
  /** The address of the payer of the renewal, in lower case. */
  readonly payer: string
  /** The point at which the process stops, by its name; null counts the points and stops at none. */
  readonly at: string | null
}
