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

interface Axe {
  readonly run: () => Promise<{
    readonly violations: ReadonlyArray<{
      readonly id: string
      readonly nodes: ReadonlyArray<{ readonly html: string }>
    }>
  }>
}

/** The violations that an accessibility checker finds on a page. */
export const violationsOf = async (tab: Page): Promise<ReadonlyArray<string>> => {
  await tab.evaluate(checker)
  return tab.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: Axe }
    return (await axe.run()).violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`)
  })
}

/** The right edge of the widest element, in pixels. */
export const widestOf = (tab: Page): Promise<number> =>
  tab.evaluate(() =>
    Math.max(...[...document.querySelectorAll("*")].map((element) => element.getBoundingClientRect().right))
  )

/** Writes a picture of the page, if the environment names a folder. */
export const takeScreenshot = async (tab: Page, name: string): Promise<void> => {
  const folder = process.env["SCREENSHOTS"]
  if (folder !== undefined) await tab.screenshot({ path: `${folder}/${name}.png`, fullPage: true })
}
