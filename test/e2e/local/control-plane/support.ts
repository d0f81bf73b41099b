import { afterAll, beforeAll, beforeEach } from "vitest"
import { type ControlPlane, startControlPlane } from "../../../../src/local/control-plane/server.ts"
import type { StartResult } from "../../../../src/local/hosting/bundle.ts"
import { choosePorts } from "../../../../src/local/system/ports.ts"
import { controlPlaneClient, temporaryDirectory, uploadForm } from "../support.ts"

/** The only token that the control plane accepts. */
export const token = `jkt_${"0123456789abcdef".repeat(4)}`

/** The form of a new row's time. */
export const zoneless = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/

/** The form of a time in a list. */
export const iso = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/

/** Starts a control plane for the tests of a file, and stops it after them. */
export const useControlPlane = () => {
  const dir = temporaryDirectory()
  let startResult: StartResult = { ok: true }
  let controlPlane: ControlPlane | undefined
  beforeAll(async () => {
    const { port } = await choosePorts({ port: 0 })
    controlPlane = await startControlPlane({
      dir: dir.path,
      port,
      token,
      sitesPath: "/secret-sites",
      siteUrl: (label) => `http://${label}.localhost:8788`,
      host: {
        check: async () => startResult,
        query: async () => null,
        isEmpty: async () => true,
        remove: async () => {}
      }
    })
  })
  beforeEach(() => {
    startResult = { ok: true }
  })
  afterAll(async () => {
    await controlPlane?.stop()
    dir[Symbol.dispose]()
  })

  const running = (): ControlPlane => {
    if (controlPlane === undefined) throw new Error("the control plane does not run yet")
    return controlPlane
  }
  const api: ReturnType<typeof controlPlaneClient> = (method, path, body) =>
    controlPlaneClient(running().url, token)(method, path, body)
  let count = 0
  return {
    running,
    api,
    /** Decides whether the next bundles start. */
    starts: (result: StartResult) => void (startResult = result),
    create: async (body: object = { name: `project-${++count}` }) => (await api("POST", "projects", body)).json.project,
    upload: async (id: string, form = uploadForm({ "index.js": "export default {}" })) =>
      api("POST", `projects/${id}/deployments/upload`, form)
  }
}
