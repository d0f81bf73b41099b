import { gzipSync } from "node:zlib"
import { type Entry, integrityOf, pack, tar } from "./archives.ts"
import type { Lies } from "./lying-registry.ts"

const MIB = 1 << 20
/** An archive of another package. */
export const other = pack("other", "6.6.6")
const random = (length: number): Uint8Array => {
  let seed = 1
  return Uint8Array.from({ length }, () => (seed = (seed * 16_807) % 2_147_483_647) & 0xff)
}

/** Text that gzip makes a third of its size. */
const digits = (length: number): string => Array.from(random(length), (byte) => byte % 10).join("")

/** A package with one archive. */
const of = (archive: Uint8Array, more: Lies = {}): Lies => ({ archives: { "1.0.0": archive }, ...more })
const zip = (entries: ReadonlyArray<Entry>): Buffer =>
  gzipSync(tar([{ path: "package/package.json", body: "{}" }, ...entries]))
const distOf = (change: object) => ({ dist: (dist: object) => ({ ...dist, ...change }) })
const whole = zip([{ path: "package/index.js", body: random(300_000) }])

/** An archive whose tar stops early: `tar` ends with 1,024 zeros. */
const shortTar = (cut: number): Buffer =>
  gzipSync(tar([{ path: "package/a.js", body: "x".repeat(5000) }]).subarray(0, cut))
const tiny = Array.from({ length: 30_000 }, (_, index): Entry => ({ path: `package/${index}.js`, body: `${index}` }))
const folders = Array.from({ length: 120_000 }, (_, index): Entry => ({ path: `package/${index}`, type: "5" }))

/** Archives of every kind that a registry should not send; `good` is one that it should. */
export const HOSTILE_ARCHIVES: Readonly<Record<string, Lies>> = {
  good: {},
  forged: distOf({ integrity: integrityOf(other) }),
  swapped: { archive: () => ({ body: other }) },
  bare: distOf({ integrity: undefined, shasum: undefined }),
  weak: distOf({ integrity: undefined }),
  "weak-integrity": of(other, distOf({ integrity: integrityOf(other, "sha1") })),
  nonsense: distOf({ integrity: "sha512-AAAA sha999-x md5-y" }),
  several: of(
    other,
    distOf({ integrity: `sha1-${"A".repeat(27)}= ${integrityOf(pack("x", "1.0.0"))} ${integrityOf(other)}?x` })
  ),
  sha256: of(other, distOf({ integrity: integrityOf(other, "sha256") })),
  away: distOf({ tarball: "http://169.254.169.254/latest/meta-data" }),
  redirect: { archive: () => ({ body: "", status: 301, headers: { location: "/good/-/1.0.0.tgz" } }) },
  gone: { archive: () => ({ body: "", status: 404 }) },
  down: { archive: () => ({ body: "", status: 500 }) },
  hang: { archive: () => ({ hang: true }) },
  stall: of(whole, { archive: () => ({ stall: whole.subarray(0, 100_000) }) }),
  cut: of(whole, { archive: () => ({ cut: whole.subarray(0, 100_000), length: whole.length }) }),
  short: of(whole, { archive: () => ({ body: whole.subarray(0, 100_000) }) }),
  page: { archive: () => ({ body: "<html>", headers: { "content-type": "text/html" } }) },
  empty: { archive: () => ({ body: "" }) },
  "short-tar": of(other, { archive: () => ({ body: shortTar(3000) }) }),
  "damaged-gzip": of(whole.subarray(0, 100_000)),
  "damaged-tar": of(shortTar(3000)),
  "damaged-header": of(shortTar(700)),
  "no-tar": of(gzipSync("x".repeat(2000))),
  "no-gzip": of(tar([{ path: "package/index.js", body: "1" }])),
  "no-entries": of(gzipSync(Buffer.alloc(1024))),
  negative: of(zip([{ path: "package/a.js", body: "1", size: -8 }])),
  zeros: of(gzipSync(Buffer.alloc(300 * MIB))),
  "zeros-in-file": of(gzipSync(tar([{ path: "package/a.txt", body: Buffer.alloc(64 * MIB) }]))),
  claims: of(zip([{ path: "package/a.js", body: "1", size: 7 * 1024 * MIB }])),
  wide: of(zip([{ path: "package/a.js", body: Buffer.concat(Array.from({ length: 100 }, () => random(300_000))) }])),
  full: of(zip(Array.from({ length: 20 }, (_, index) => ({ path: `package/${index}.js`, body: digits(1_100_000) })))),
  tiny: of(gzipSync(tar(tiny))),
  folders: of(gzipSync(tar(folders))),
  fat: of(gzipSync(random(17 * MIB), { level: 0 })),
  escaping: of(
    zip([
      { path: "package/index.js", body: "fine" },
      { path: "package/../../../index.js", body: "evil" },
      { path: "../src/index.js", body: "evil" },
      { path: "package/..", body: "evil" },
      { path: "/etc/index.js", body: "evil" },
      { path: "package\\..\\index.js", body: "evil" },
      { path: "c:/package/evil.js", body: "evil" },
      { path: "evil.js", body: "evil" },
      { path: "package/link.js", type: "2", link: "/etc/passwd" },
      { path: "package/hard.js", type: "1", link: "package/../../x" },
      { path: "package/device.js", type: "3" },
      { path: "package/pipe.js", type: "6" }
    ])
  ),
  polluted: of(
    zip([
      { path: "package/__proto__", body: "1" },
      { path: "package/__proto__/index.js", body: "2" },
      { path: "package/constructor.js", body: "3" },
      { path: "__proto__/toString.js", body: "4" }
    ])
  )
}
