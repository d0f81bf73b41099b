import { assert, describe, it } from "@effect/vitest"
import type { FileContent } from "../../../../src/bundler/index.ts"
import { answering, makeBundler } from "../../../support/bundler.ts"

const { bundle, refusal } = makeBundler()

type Sent = Readonly<Record<string, FileContent>>

const page = { "index.html": "<h1>hi</h1>" }
const png = { base64: "iVBORw0KGgo=" }
const program = { "src/index.ts": "export default { fetch: () => new Response('p') }" }
const under = (folder: string, files: Sent): Sent =>
  Object.fromEntries(Object.entries(files).map(([path, content]) => [`${folder}/${path}`, content]))

/** The paths that are served. */
const served = async (files: Sent) => {
  const { assets } = await bundle(files)
  return assets === null ? null : Object.keys(assets.files)
}

describe("a static site", () => {
  it("is a page without a program: in dist, in public, or at the root", async () => {
    const site = { ...page, "style.css": "a{}", "img/logo.png": png }
    const paths = ["img/logo.png", "index.html", "style.css"]
    for (const folder of ["dist", "public"]) {
      const found = await bundle(under(folder, site))
      assert.deepStrictEqual(Object.keys(found.assets?.files ?? {}), paths)
      assert.strictEqual(found.entrypoint, `${folder}/index.html`)
    }
    assert.deepStrictEqual(await served({ ...site, "README.md": "x" }), ["README.md", ...paths])
    assert.deepStrictEqual(await served({ ...page, ...under("public", site), ...under("dist", page) }), ["index.html"])
  })

  it("is answered by a program from its files", async () => {
    const { code, main, assets, compatibilityFlags, warnings } = await bundle(page)
    assert.deepStrictEqual(assets, {
      binding: "ASSETS",
      files: { "index.html": Buffer.from("<h1>hi</h1>").toString("base64") }
    })
    assert.deepStrictEqual([main, compatibilityFlags, warnings], ["worker.js", ["nodejs_compat"], []])
    const module = (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as {
      readonly default: { readonly fetch: (request: string, env: unknown) => string }
    }
    assert.strictEqual(
      module.default.fetch("a", { ASSETS: { fetch: (request: string) => `file ${request}` } }),
      "file a"
    )
  })

  it("has a binding that is no name of its vars", async () => {
    const config = { "wrangler.json": '{"vars":{"ASSETS":"x"},"assets":{"directory":"www"}}' }
    const { assets, code } = await bundle({ ...config, ...under("www", page) })
    assert.strictEqual(assets?.binding, "ASSETS_")
    assert.include(code, 'env["ASSETS_"]')
  })

  it("keeps settings, hidden files and packages at the root to itself", async () => {
    const files = {
      ...page,
      "wrangler.jsonc": '{ "name": "x" }',
      ".env": "SECRET=1",
      ".git/config": "",
      "node_modules/a/index.js": "",
      "a/.hidden/b": "",
      ".well-known/security.txt": "mail"
    }
    assert.deepStrictEqual(await served(files), [".well-known/security.txt", "index.html"])
  })

  it("may have scripts that would be programs if they exported anything", async () => {
    assert.deepStrictEqual(await served({ ...page, "index.js": "document.title = 'x'" }), ["index.html", "index.js"])
    assert.isNull(await served({ ...page, ...program }))
    const broken = await refusal({ ...page, "wrangler.json": '{"main":"src/a.ts"}' })
    assert.include(broken[0]?.text, '"main" leads to no script')
  })

  it("is refused if its page is the input of a build", async () => {
    const vite = {
      "index.html": '<div></div>\n<script type="module" src="/src/main.tsx"></script>',
      "src/main.tsx": ""
    }
    const [found] = await refusal(vite)
    assert.include(found, { file: "index.html", line: 2, column: 1 })
    assert.include(found?.text, "/src/main.tsx")
    assert.deepStrictEqual(await served({ ...vite, ...under("dist", page) }), ["index.html"])
  })

  it("is one by its configuration, which may have no program", async () => {
    const config = { "wrangler.json": '{"assets":{"directory":"www","not_found_handling":"404-page"}}' }
    const { assets, warnings } = await bundle({ ...config, ...under("www", page), ...program })
    assert.deepInclude(assets, { binding: "ASSETS", notFoundHandling: "404-page" })
    assert.include(warnings[0]?.text, "src/index.ts does not run")
    assert.strictEqual(warnings[0]?.file, "wrangler.json")
  })
})

describe("assets of a program", () => {
  const config = (assets: object) => ({ "wrangler.json": JSON.stringify({ main: "src/index.ts", assets }) })
  const www = under("www", { ...page, "a.png": png })

  it("are the files of the configured folder, with their routing", async () => {
    const routing = { binding: "FILES", html_handling: "none", run_worker_first: ["/api/*"] }
    const { assets, code } = await bundle({
      ...program,
      ...www,
      ...config({ directory: "./www", ...routing })
    })
    assert.deepStrictEqual(assets, {
      binding: "FILES",
      htmlHandling: "none",
      runWorkerFirst: ["/api/*"],
      files: { "a.png": png.base64, "index.html": Buffer.from("<h1>hi</h1>").toString("base64") }
    })
    assert.include(code, "new Response")
  })

  it("are none without a configuration", async () => {
    assert.isNull(await served({ ...program, ...under("public", page) }))
  })

  it("leave out what .assetsignore names, and the rules that have no effect, with a warning", async () => {
    const files = under("www", {
      ".assetsignore": "*.map",
      "a.js.map": "",
      _headers: "/*",
      _redirects: "",
      "b/_headers": "/*"
    })
    const all = { ...program, ...www, ...files, ...config({ directory: "www" }) }
    const { assets, warnings } = await bundle(all)
    assert.deepStrictEqual(Object.keys(assets?.files ?? {}), ["a.png", "b/_headers", "index.html"])
    assert.deepStrictEqual(
      warnings.map(({ file }) => file),
      ["www/_headers", "www/_redirects"]
    )
  })

  it("are refused with patterns that cannot be followed", async () => {
    const patterns = { "www/.assetsignore": "a\n".repeat(201) }
    const [found] = await refusal({ ...program, ...www, ...patterns, ...config({ directory: "www" }) })
    assert.include(found, { file: "www/.assetsignore", line: 1 })
  })

  it("have to be there, and to be files", async () => {
    const [none] = await refusal({ ...program, ...config({ directory: "build" }) })
    assert.deepInclude(none, { file: "wrangler.json", line: 1 })
    assert.include(none?.text, '"build"')
    const worker = { ...program, ...under("www", { "_worker.js": "" }), ...config({ directory: "www" }) }
    assert.include((await refusal(worker))[0]?.text, "_worker.js is a program")
    assert.deepStrictEqual(await served({ ...worker, "www/.assetsignore": "_worker.js\n", ...www }), [
      "a.png",
      "index.html"
    ])
  })

  it("are refused where no host could keep them", async () => {
    const wrong = async (files: Sent) =>
      (await refusal({ ...program, ...under("www", files), ...config({ directory: "www" }) }))[0]
    assert.deepInclude(await wrong({ a: "", b: { base64: "" } }), { file: "wrangler.json", line: 1 })
    const empty = await refusal({ "public/index.html": "" })
    assert.deepInclude(empty[0], { file: "public/index.html", line: 1 })
    assert.include(empty[0]?.text, "are empty")
    assert.include((await wrong({ ["__proto__"]: "x", ...page }))?.text, "cannot be served")
    assert.include((await wrong({ a: "x", "a/b/c": "x" }))?.text, '"www/a" is a file and a folder')
    assert.include((await wrong({ [`a/${"é".repeat(128)}/b`]: "x" }))?.text, "more than 255 bytes")
    const kept = { "a/__proto__": "x", [`${"é".repeat(127)}/b`]: "x", "ab/c": "x", "e/f": "" }
    const found = await bundle({ ...program, ...under("www", kept), ...config({ directory: "www" }) })
    assert.lengthOf(Object.keys(found.assets?.files ?? {}), 4)
    assert.deepStrictEqual(
      found.warnings.map(({ file, text }) => [file, text]),
      [["www/e/f", "e/f is not served, because it is empty"]]
    )
  })

  it("can be imported by the program, too", async () => {
    const source = answering("import page from '../www/index.html'", "page")
    const { code } = await bundle({ ...www, ...config({ directory: "www" }), "src/index.ts": source })
    assert.include(code, "<h1>hi</h1>")
  })
})
