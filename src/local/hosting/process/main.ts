// The hosting process: the server of the sites, and the runtimes behind it, each in a process of its own.
import { readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { buildLocal, stopEsbuild } from "../../runtime/build.ts"
import { keepOnePort } from "../../runtime/sockets.ts"
import { Alarms } from "../runtimes/Alarms.ts"
import { makeCommands } from "./commands.ts"
import { startFront } from "./front.ts"
import { startLoader } from "./loader.ts"
import { makeLookup } from "./lookup.ts"
import { type HostingPlan, RESTARTS_FILE } from "./plan.ts"
import { Sites } from "../runtimes/Sites.ts"
import { reachSite } from "./reach.ts"

process.on("SIGTERM", () => process.exit(0))
keepOnePort()

const plan = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8")) as HostingPlan

const build = (path: string) => buildLocal(fileURLToPath(new URL(path, import.meta.url)))
const [hosting, serve, admin, outbound, tail] = await Promise.all([
  build("../loader/worker.ts"),
  build("../site/workers/serve.ts"),
  build("../site/workers/admin.ts"),
  build("../site/workers/outbound.ts"),
  build("../site/workers/tail.ts")
]).finally(stopEsbuild)

const lines: Array<string> = []
const say = (line: string): void => {
  lines.push(line)
  console.log(line)
}
let restarts = 0
const countRestart = (): void => writeFileSync(RESTARTS_FILE, String(++restarts))

const alarms = new Alarms(plan.dir)
const sites = new Sites(
  plan.dir,
  {
    built: { serve, admin, outbound, tail },
    port: String(plan.port),
    secret: plan.secret,
    sitesUrl: plan.sitesUrl
  },
  alarms,
  (reason, project) => {
    countRestart()
    say(`The process of ${project} has ${reason === "frozen" ? "frozen and is ended" : "ended by itself"}.`)
  }
)
const loader = await startLoader(
  plan,
  { hosting, admin },
  (_, ms) => {
    countRestart()
    say(`The hosting process is back after ${ms} ms.`)
  },
  (reason) =>
    say(
      reason === "frozen"
        ? "The hosting process does not answer, perhaps because of an endless loop in hosted code. It is replaced."
        : "The hosting process has ended by itself. It is replaced."
    )
)
const lookup = makeLookup(plan.sitesUrl)
await startFront(plan, { sites, loader, lookup, commands: makeCommands(sites, lines) })

setInterval(() => void sites.endIdle(plan.idleMs), Math.min(plan.idleMs / 4, 10_000))
setInterval(() => {
  for (const host of alarms.takeDue())
    void reachSite({ sites, lookup }, host, plan.port).then(
      (reached) => reached?.done(),
      (cause: unknown) => console.error(cause)
    )
}, 1000)
