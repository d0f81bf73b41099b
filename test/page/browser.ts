import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { type Browser, chromium, type Page } from "playwright-core"

/** The sizes and colours in which each page is looked at. */
export const VIEWS = [390, 1280].flatMap((width) =>
  (["light", "dark"] as const).map((colorScheme) => ({ width, colorScheme }))
)

/** Starts Chromium. Its first start on a machine reads hundreds of megabytes from the disk. */
export const launch = (): Promise<Browser> =>
  chromium.launch({
    timeout: 120_000,
    executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync"
    ]
  })

const checker = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8")

// Expressions are texts, because the types of a browser and those of a Worker exclude each other.
const FIND_VIOLATIONS =
  "axe.run().then(({ violations }) => violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`))"
const FIND_WIDEST =
  "Math.max(...[...document.querySelectorAll('*')].map((element) => element.getBoundingClientRect().right))"

/** The violations that an accessibility checker finds on a page. */
export const violationsOf = async (tab: Page): Promise<ReadonlyArray<string>> => {
  await tab.evaluate(checker)
  return tab.evaluate<ReadonlyArray<string>>(FIND_VIOLATIONS)
}

/** The right edge of the widest element, in pixels. */
export const widestOf = (tab: Page): Promise<number> => tab.evaluate<number>(FIND_WIDEST)

/** The colour behind the text of a page, for instance `rgb(17, 20, 24)`. */
export const backgroundOf = (tab: Page): Promise<string> =>
  tab.evaluate<string>("getComputedStyle(document.body).backgroundColor")

/** Writes a picture of the page, if the environment names a folder. */
export const takeScreenshot = async (tab: Page, name: string): Promise<void> => {
  const folder = process.env["SCREENSHOTS"]
  if (folder !== undefined) await tab.screenshot({ path: `${folder}/${name}.png`, fullPage: true })
}
