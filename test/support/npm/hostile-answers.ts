import { pack } from "./archives.ts"
import type { Lies } from "./lying-registry.ts"

const html = { body: "<!doctype html><p>Sign in</p>", headers: { "content-type": "text/html" } }
const versions = { "1.0.0": pack("x", "1.0.0"), "2.0.0": pack("x", "2.0.0") }
const encode = (text: string): Uint8Array => new TextEncoder().encode(text)

/** A document whose end is never sent, and one that goes on for some MB. */
const long = (head: string, mb: number) =>
  function* () {
    yield encode(head)
    const part = encode(`"${"x".repeat(65_530)}",`)
    for (let size = 0; size < mb * 1_000_000; size += part.length) yield part
    yield encode('"x"]}')
  }

/** Answers of every kind that a registry should not give; `good` is one that it should. */
export const hostileAnswers = (): Readonly<Record<string, Lies>> => {
  let failures = 0
  return {
    good: {},
    page: { manifest: () => html },
    "missing-page": { manifest: () => ({ ...html, status: 404 }) },
    "page-list": { archives: versions, packument: () => html },
    down: { manifest: () => ({ body: "busy", status: 503 }) },
    limited: { manifest: () => ({ body: "slow down", status: 429 }) },
    forbidden: { manifest: () => ({ json: {}, status: 403 }) },
    hiccup: { manifest: (honest) => (failures++ === 0 ? { body: "", status: 502 } : { json: honest }) },
    redirect: { manifest: () => ({ body: "", status: 302, headers: { location: "/good/latest" } }) },
    hang: { manifest: () => ({ hang: true }) },
    stall: { manifest: () => ({ stall: encode('{"name":"stall",') }) },
    "stall-list": {
      archives: versions,
      packument: () => ({ stall: encode('{"name":"stall-list","versions":{"1.0.0":{') })
    },
    broken: { manifest: () => ({ cut: encode('{"name":"broken"'), length: 1000 }) },
    "broken-list": {
      archives: versions,
      packument: () => ({ cut: encode('{"name":"broken-list","versions":{"1.0.0":{}'), length: 9000 })
    },
    "other-name": { manifest: (honest) => ({ json: { ...honest, name: "good" } }) },
    "other-version": { archives: versions, manifest: (honest) => ({ json: { ...honest, version: "2.0.0" } }) },
    "other-list": { archives: versions, packument: (honest) => ({ json: { ...honest, name: "good" } }) },
    nothing: { manifest: () => ({ json: null }) },
    list: { manifest: () => ({ json: [] }) },
    "no-dist": { manifest: () => ({ json: { name: "no-dist", version: "1.0.0" } }) },
    "no-address": { dist: () => ({ tarball: 5 }) },
    "no-url": { dist: () => ({ tarball: "http://[" }) },
    "no-version": { manifest: (honest) => ({ json: { ...honest, version: "../../1" } }) },
    proto: { manifest: () => ({ body: '{"__proto__":{"name":"proto","version":"1.0.0","dist":{"tarball":"/x"}}}' }) },
    unlisted: {
      archives: versions,
      packument: () => ({ json: { name: "unlisted", versions: { "1.0.0": {}, "1.5.0": {} } } })
    },
    "no-list": { archives: versions, packument: () => ({ json: { name: "no-list" } }) },
    "large-manifest": { manifest: () => ({ stream: long('{"name":"large-manifest","x":[', 10) }) },
    "large-list": {
      archives: versions,
      packument: () => ({ stream: long('{"name":"large-list","versions":{"1.0.0":{}},"x":[', 20) })
    },
    "huge-list": {
      archives: versions,
      packument: () => ({ stream: long('{"name":"huge-list","versions":{"1.0.0":{}},"x":[', 60) })
    }
  }
}
