import { type Answer, fail, invalid, ok } from "../answers.ts"
import type { Context } from "../context.ts"
import { resourcesOf } from "../store/resources.ts"
import type { Project } from "../store/rows.ts"

const noWorker = fail(404, "not_found", "Project has no deployed worker")

const hasWorker = ({ store }: Context, { id }: Project): boolean => resourcesOf(store, id, "worker").length > 0

/** `POST projects/:id/secrets`: sets one. */
export const setSecret = async (request: Request, context: Context, project: Project): Promise<Answer> => {
  const { name, value } = (await request.json()) as { readonly name?: string; readonly value?: unknown }
  if (!name || !value) return invalid("name and value are required")
  if (!/^[A-Z_][A-Z0-9_]*$/i.test(name))
    return invalid(
      "Secret name must start with a letter or underscore, and contain only letters, numbers, and underscores"
    )
  if (typeof value !== "string") return invalid("value must be a string or encrypted envelope")
  if (!hasWorker(context, project)) return noWorker
  const failure = context.takeFailure("secrets")
  if (failure !== undefined) return fail(500, "internal_error", `Failed to set secret ${name}: ${failure}`)
  const { store } = context
  store.setSecrets(project, { ...store.secrets(project), [name]: value })
  return ok({ success: true, name }, 201)
}

/** `GET projects/:id/secrets`: the names. */
export const listSecrets = ({ store }: Context, project: Project): Answer =>
  ok({ secrets: Object.keys(store.secrets(project)).map((name) => ({ name })) })

/** `DELETE projects/:id/secrets/:name`. */
export const deleteSecret = (context: Context, project: Project, name: string): Answer => {
  if (!hasWorker(context, project)) return noWorker
  const { store } = context
  const { [name]: value, ...rest } = store.secrets(project)
  if (value === undefined)
    return fail(500, "internal_error", `Failed to delete secret ${name}: Secret not found on script.`)
  store.setSecrets(project, rest)
  return ok({ success: true, name })
}
