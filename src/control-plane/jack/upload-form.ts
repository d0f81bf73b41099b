import { Buffer } from "node:buffer"
import type { Upload } from "../Upload.ts"
import { manifestOf } from "./manifest.ts"

const bytesOf = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, "base64"))

/**
 * The multipart body of `POST /v1/projects/:id/deployments/upload`. All parts except `message` must be *file* parts, with a
 * filename: Jack answers 500 to plain ones. Parts that the program does not need are absent.
 *
 * @param builtAt ISO 8601
 */
export const uploadForm = async (upload: Upload, builtAt: string): Promise<FormData> => {
  // The first upload imports it, because the library's tables take three milliseconds of an isolate's start.
  const { zipOf } = await import("./zip.ts")
  const { main, code, modules = [], assets, secrets = {}, message } = upload
  const form = new FormData()
  const json = (name: string, value: object) =>
    form.append(name, new Blob([JSON.stringify(value)], { type: "application/json" }), `${name}.json`)
  const zip = (name: string, files: Readonly<Record<string, Uint8Array>>) =>
    form.append(name, new Blob([zipOf(files)], { type: "application/zip" }), `${name}.zip`)
  json("manifest", manifestOf(upload, builtAt))
  zip("bundle", {
    [main]: new TextEncoder().encode(code),
    ...Object.fromEntries(modules.map(({ name, base64 }) => [name, bytesOf(base64)]))
  })
  if (assets !== undefined && assets !== null) {
    zip("assets", Object.fromEntries(Object.entries(assets.files).map(([path, base64]) => [path, bytesOf(base64)])))
  }
  if (Object.keys(secrets).length > 0) json("secrets", secrets)
  if (message !== undefined) form.append("message", message)
  return form
}
