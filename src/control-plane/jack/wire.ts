import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { Account, Database, Project } from "../ControlPlane.ts"

/**
 * These schemas decode the answers of Jack's control plane as leniently as is safe. They drop unknown fields (one of them,
 * `cron_secret`, is a secret), and require only the fields that the gateway needs.
 */

const maybeString = Schema.optional(Schema.NullOr(Schema.String))

/**
 * Some answers have an array here, the list has a JSON string. No decision depends on tags, so malformed ones count as none.
 */
const Tags = Schema.Union([
  Schema.Array(Schema.String),
  Schema.fromJsonString(Schema.Array(Schema.String)),
  Schema.Null
]).pipe(Schema.catchDecoding(() => Effect.succeedSome(null)))

const ProjectRow = Schema.Struct({
  id: Schema.NonEmptyString,
  name: maybeString,
  slug: maybeString,
  status: maybeString,
  url: maybeString,
  tags: Schema.optional(Tags),
  created_at: maybeString
})

/** `{project, url?}`: the answer to the create, and to a read of one project by id or slug. */
const ProjectAnswer = Schema.Struct({ project: ProjectRow, url: maybeString })

/** The answer to the upload: the row of the new deployment. */
const DeploymentRow = Schema.Struct({ id: Schema.NonEmptyString, status: Schema.String })

/** `{deployment}`: the live deployment. */
const LatestAnswer = Schema.Struct({ deployment: DeploymentRow })

/** `{user: {username}}`: the account that the token belongs to. `user` is null if its row is missing. */
const Me = Schema.Struct({ user: Schema.optional(Schema.NullOr(Schema.Struct({ username: maybeString }))) })

/** `{success, …}`: tags and delete. A partial delete answers `true`, and lists in `warnings` what is left. */
const Done = Schema.Struct({
  success: Schema.Literal(true),
  warnings: Schema.optional(Schema.Unknown)
})

const ResourceRow = Schema.Struct({
  id: Schema.NonEmptyString,
  resource_type: Schema.String,
  binding_name: maybeString
})

/** `{resources}`: those of a project, the oldest first. */
const ResourceList = Schema.Struct({ resources: Schema.Array(ResourceRow) })

/** `{resource}`: the one that was created. */
const ResourceAnswer = Schema.Struct({ resource: ResourceRow })

/** The answer to SQL: the rows of its first statement. */
const RowsAnswer = Schema.Struct({
  results: Schema.optional(Schema.NullOr(Schema.Array(Schema.Record(Schema.String, Schema.Unknown))))
})

const decoder = <S extends Schema.ConstraintDecoder<unknown>>(schema: S) =>
  Schema.decodeUnknownEffect(Schema.fromJsonString(schema))

/** Decoders of a body's text. Their failures quote the input, secrets included: never log them. */
export const decode = {
  project: decoder(ProjectAnswer),
  deployment: decoder(DeploymentRow),
  latest: decoder(LatestAnswer),
  me: decoder(Me),
  done: decoder(Done),
  resources: decoder(ResourceList),
  resource: decoder(ResourceAnswer),
  rows: decoder(RowsAnswer)
}

/** Parses a time to unix milliseconds. Some answers have `YYYY-MM-DD HH:MM:SS`, which is UTC, and others ISO 8601. */
const instant = (text: string | null | undefined): Option.Option<number> =>
  Option.map(Option.flatMap(Option.fromNullishOr(text), DateTime.make), DateTime.toEpochMillis)

/**
 * Makes a project from an answer with or without `url`. A project without a time counts as created `now`, so that the sweep
 * keeps it.
 */
export const toProject = ({ project, url }: typeof ProjectAnswer.Type, now: number): Project => ({
  id: project.id,
  name: project.name ?? "",
  slug: project.slug ?? "",
  status: project.status ?? "active",
  url: url ?? project.url ?? null,
  tags: project.tags ?? [],
  createdAt: Option.getOrElse(instant(project.created_at), () => now)
})

/**
 * Reads whether the account's sites can be reached. Sites answer at `{username}-{slug}.runjack.xyz`. Jack's dispatcher takes
 * the text before the first hyphen for the username, so it never finds the sites of a username with a hyphen. Without a
 * username sites answer at `{slug}.runjack.xyz`, where any other account's create of the same slug takes the address over.
 */
export const toAccount = ({ user }: typeof Me.Type): Account => {
  const username = user?.username ?? ""
  if (username === "") return { usable: false, reason: "its account has no username, so its sites have no address" }
  if (!username.includes("-")) return { usable: true }
  return { usable: false, reason: "its account has a hyphen in its username, so its sites cannot be reached" }
}

/** Returns the databases of a project, the oldest first. */
export const toDatabases = ({ resources }: typeof ResourceList.Type): ReadonlyArray<Database> =>
  resources.flatMap(({ id, resource_type, binding_name }) =>
    resource_type === "d1" ? [{ id, binding: binding_name ?? "" }] : []
  )

const decodeRow = Schema.decodeUnknownOption(ProjectRow)

/** Returns the projects of some rows of a list, without the rows that have no id. A malformed row does not hide the others. */
export const toProjects = (rows: ReadonlyArray<unknown>, now: number): ReadonlyArray<Project> =>
  rows.flatMap((row) => Option.toArray(decodeRow(row)).map((project) => toProject({ project }, now)))

const decodeError = Schema.decodeUnknownOption(
  Schema.fromJsonString(
    Schema.Struct({ error: maybeString, message: maybeString, details: Schema.optional(Schema.Array(Schema.Unknown)) })
  )
)

const textOf = (detail: unknown) => (typeof detail === "string" ? detail : JSON.stringify(detail))

/**
 * Reads the code and the message of an error. Uncaught errors are text/plain; then the code is empty and the message is the
 * body.
 */
export const errorOf = (body: string): { readonly code: string; readonly message: string } =>
  Option.match(decodeError(body), {
    onNone: () => ({ code: "", message: body.trim() }),
    onSome: ({ error, message, details }) => ({
      code: error ?? "",
      message: [message ?? error ?? "", ...(details ?? []).map(textOf)].filter((part) => part !== "").join("; ")
    })
  })
