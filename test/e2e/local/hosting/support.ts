import { join } from "node:path"
import { strToU8, zipSync } from "fflate"
import { afterAll, assert, beforeAll } from "vitest"
import { type ControlPlane, startControlPlane } from "../../../../src/local/control-plane/server.ts"
import { type Hosting, startHosting } from "../../../../src/local/hosting/host.ts"
import { resolveLocalhost } from "../../../../src/local/system/localhost.ts"
import { choosePorts } from "../../../../src/local/system/ports.ts"
import { lockDirectory } from "../../../../src/local/directory.ts"
import { controlPlaneClient, temporaryDirectory, uploadForm } from "../support.ts"

const token = `jkt_${"0123456789abcdef".repeat(4)}`

/** A file of a zip: text or bytes. */
type File = string | Uint8Array

/** The upload of a project: `files` are the bundle, `bindings` and the rest go into the manifest. */
export interface Project {
  readonly files: Readonly<Record<string, File>>
  readonly bindings?: object
  readonly migrations?: ReadonlyArray<object>
  readonly version?: 1 | 2
  readonly assets?: Readonly<Record<string, string>>
  readonly secrets?: Readonly<Record<string, string>>
  readonly schema?: string
}

const zip = (files: Readonly<Record<string, File>>): Uint8Array<ArrayBuffer> =>
  new Uint8Array(
    zipSync(
      Object.fromEntries(
        Object.entries(files).map(([name, file]) => [name, typeof file === "string" ? strToU8(file) : file])
      )
    )
  )

/** The form of an upload. */
export const formOf = ({ files, assets, secrets, schema, version = 2, ...manifest }: Project): FormData => {
  const form = uploadForm({}, { version, compatibility_flags: ["nodejs_compat"], ...manifest })
  form.set("bundle", new File([zip(files)], "bundle.zip"))
  if (assets) form.set("assets", new File([zip(assets)], "assets.zip"))
  if (secrets) form.set("secrets", new File([JSON.stringify(secrets)], "secrets.json"))
  if (schema) form.set("schema", new File([schema], "schema.sql"))
  return form
}

/** A Worker whose handler has this body: `fetch(request, env, ctx)`; `url` is the URL of the request. */
export const worker = (body: string, more = ""): string =>
  `${more}\nexport default { async fetch(request, env, ctx) { const url = new URL(request.url); ${body} } }`

/** Starts a control plane and its hosting, without a gateway, for the tests of a file. */
export const useHost = (idleMs = 300_000) => {
  const files = temporaryDirectory()
  let hosting: Hosting
  let controlPlane: ControlPlane
  let ports: { readonly sites: number; readonly control: number }
  const start = async () => {
    const sitesPath = "/secret-sites"
    hosting = await startHosting({
      dir: join(files.path, "stack"),
      port: ports.sites,
      secret: "the-secret",
      sitesUrl: `http://127.0.0.1:${ports.control}${sitesPath}`,
      idleMs,
      log: () => {},
      signal: new AbortController().signal
    })
    controlPlane = await startControlPlane({
      dir: join(files.path, "stack", "control-plane"),
      port: ports.control,
      token,
      sitesPath,
      siteUrl: (label) => `http://${label}.localhost:${ports.sites}`,
      host: hosting
    })
  }
  const stop = async () => {
    await controlPlane?.stop()
    await hosting?.stop()
  }
  beforeAll(async () => {
    resolveLocalhost()
    ports = await choosePorts({ sites: 0, control: 0 })
    lockDirectory(join(files.path, "stack"))
    await start()
  })
  afterAll(async () => {
    await stop()
    files[Symbol.dispose]()
  })

  const api: ReturnType<typeof controlPlaneClient> = (method, path, body) =>
    controlPlaneClient(controlPlane.url, token)(method, path, body)
  let count = 0
  return {
    api,
    token,
    dir: join(files.path, "stack"),
    hosting: () => hosting,
    controlPlane: () => controlPlane,
    restart: async () => {
      await stop()
      await start()
    },
    create: async () => {
      const { project, url } = (await api("POST", "projects", { name: `site-${++count}` })).json
      return { id: project.id, url }
    },
    /** Uploads a version, which is accepted. */
    put: async (id: string, project: Project): Promise<void> => {
      const { status, text } = await api("POST", `projects/${id}/deployments/upload`, formOf(project))
      assert.strictEqual(status, 201, text)
    }
  }
}

/** The text of an answer. */
export const get = async (url: string, init?: RequestInit): Promise<string> => (await fetch(url, init)).text()
