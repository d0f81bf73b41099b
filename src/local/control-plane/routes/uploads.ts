import { type Answer, fail, messageOf, ok } from "../answers.ts"
import type { Context } from "../context.ts"
import { deploy } from "../deploy/deploy.ts"
import type { Project } from "../store/rows.ts"
import type { Store } from "../store/Store.ts"
import { readUpload } from "../upload.ts"
import { withIsoTimes } from "./projects.ts"

/** `POST projects/:id/deployments/upload`. */
export const upload = async (request: Request, context: Context, project: Project): Promise<Answer> => {
  const form = await request.formData()
  try {
    const read = await readUpload(form)
    if ("status" in read) return read
    const deployment = await deploy(context, project, read)
    return ok({ ...deployment, warnings: [] }, 201)
  } catch (cause) {
    return fail(500, "internal_error", messageOf(cause))
  }
}

/** `GET projects/:id/deployments/latest`. */
export const latest = (store: Store, project: Project): Answer => {
  const deployment = store.latest(project)
  return deployment === undefined
    ? fail(404, "not_found", "No deployment found")
    : ok({ deployment: withIsoTimes(deployment) })
}
