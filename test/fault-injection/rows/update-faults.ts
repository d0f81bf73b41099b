import { setTimeout as sleep } from "node:timers/promises"
import { intercept } from "../intercept.ts"
import { each, expect, type Fault, type Harness, type Run } from "../fault.ts"
import { stranger } from "../assess.ts"
import { type Reply, reply, type Rule } from "../proxy.ts"

interface Status {
  readonly status: string
  readonly url: string | null
  readonly expires_at: string
}

/** The run's site in another version, which it names in a header. */
const sourceOf = ({ slug }: Run, version: string) => {
  const answer = `new Response(${JSON.stringify(slug)}, { headers: { "x-version": ${JSON.stringify(version)} } })`
  return JSON.stringify({ files: { "index.ts": `export default { fetch: () => ${answer} }` } })
}

const update = async (harness: Harness, run: Run, id: string, version: string): Promise<number> => {
  const init = {
    method: "PUT",
    body: sourceOf(run, version),
    headers: { "content-type": "application/json" }
  }
  for (const end = Date.now() + 60_000; ; await sleep(300)) {
    await run.agent.pay(`${harness.info.gateway}/deployments/${id}`, init).catch(() => undefined)
    const { status = 0, code } = run.agent.answers.at(-1) ?? {}
    if (code !== "busy" || Date.now() > end) return status
  }
}

const statusOf = async (harness: Harness, id: string) =>
  (await (await fetch(`${harness.info.gateway}/deployments/${id}`)).json()) as Status

/** Reads which version a site serves. */
const versionAt = async (url: string): Promise<string | null> =>
  (await fetch(url).catch(() => undefined))?.headers.get("x-version") ?? null

const until = async (reached: () => Promise<boolean>, seconds: number): Promise<boolean> => {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(500)) if (await reached()) return true
  return false
}

/** The projects of a run, as the control plane lists them. */
const projectsOf = async (harness: Harness, run: Run) => {
  const { projects } = (await (await harness.controlPlane("GET", "projects")).json()) as {
    projects: ReadonlyArray<{ id: string; slug: string; name: string }>
  }
  return projects.filter(({ slug, name }) => slug.startsWith(run.slug) && !name.startsWith(stranger))
}

/** A slug of an owner whom the account cannot see: the create answers 409, and the look-up 404. */
const unseen = each(async (harness, run) => {
  let asked = 0
  const rule: Rule = ({ method, path, body }) => {
    if (method !== "POST" || path !== "/v1/projects") return undefined
    if ((JSON.parse(body.toString()) as { slug: string }).slug !== run.slug) return undefined
    asked++
    run.injected = true
    return Promise.resolve(reply(409, { error: "conflict", message: "UNIQUE constraint failed: projects.slug" }))
  }
  harness.host.rules.add(rule)
  const { url } = await run.agent.callUntilDone(run.body, run.key)
  harness.host.rules.delete(rule)
  expect(run, asked === 1, `a slug that is taken was asked for ${asked} times`)
  expect(run, url?.includes(`${run.slug}-`) === true, `live at ${url}`)
})

let gone = 0
/**
 * Deletes the project at the host. In some runs another owner takes its slug at once; in others the create's answer is lost.
 */
const projectGone = each(async (harness, run) => {
  const kind = ["free", "taken", "lost"][gone++ % 3]
  const { deployment_id: id = "", url } = await run.agent.callUntilDone(run.body, run.key)
  const before = await statusOf(harness, id)
  const [project] = await projectsOf(harness, run)
  run.injected = (await harness.controlPlane("DELETE", `projects/${project?.id}`)).status === 200
  if (kind === "taken")
    await harness.controlPlane("POST", "projects", { name: `${stranger} ${run.slug}`, slug: run.slug })
  if (kind === "lost") {
    intercept(harness, "create", [run], async (_, forward) => {
      await forward()
      return "cut"
    })
  }
  const status = await update(harness, run, id, "newer")
  const { text = "" } = run.agent.answers.at(-1) ?? {}
  if (kind === "lost") expect(run, status === 502 && /nothing serves/.test(text), `the answer does not say so: ${text}`)
  else expect(run, status === 200, `not placed anew: ${text}`)
  expect(run, await until(async () => (await statusOf(harness, id)).status === "live", 60), "not live by itself")
  const after = await statusOf(harness, id)
  expect(run, after.expires_at === before.expires_at, `its hour was ${before.expires_at}, and is ${after.expires_at}`)
  expect(run, (after.url === url) === (kind !== "taken"), `live at ${after.url}, which was ${url}`)
  expect(run, await until(async () => (await versionAt(after.url ?? "")) === "newer", 10), "not the newer code")
})

/** The gateway gives up an update's upload, and the host carries it out once a newer one serves. */
const landsLate = each(async (harness, run) => {
  const { deployment_id: id = "", url = "" } = await run.agent.callUntilDone(run.body, run.key)
  let land: (() => Promise<Reply>) | undefined
  const release = intercept(harness, "upload", [run], async (_, forward) => {
    land = forward
    return "cut"
  })
  const given = await update(harness, run, id, "older")
  expect(run, given === 502, `the older update was answered with ${given}`)
  // The test waits no longer, because after 2 s the alarm would send the older code itself.
  const taken = await update(harness, run, id, "newest")
  release()
  expect(run, taken === 200, `the newest update was answered with ${taken}`)
  expect(run, await until(async () => (await versionAt(url)) === "newest", 10), "the newest update does not serve")
  await land?.()
  run.injected = await until(async () => (await versionAt(url)) === "older", 10)
  expect(run, await until(async () => (await versionAt(url)) === "newest", 90), "older code serves for good")
  expect(run, (await statusOf(harness, id)).status === "live", "not live")
})

/** Faults of a deployment's place, and of newer code for it. */
export const updateFaults: ReadonlyArray<Fault> = [
  { name: "409 for a slug that nobody shows", runs: 10, attack: unseen },
  { name: "project gone at an update", runs: 12, attack: projectGone },
  { name: "update lands behind a newer one", runs: 10, attack: landsLate }
]
